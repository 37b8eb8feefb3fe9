import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listDatabases, listDatacenters, resolveTargets } from '../../../src/config/discover.js';
import { projectFolder, unprivileged } from './folder.js';

const project = projectFolder();

async function fill(): Promise<string> {
  for (const name of ['eu/shop', 'eu/billing', 'eu/Ordres', 'us/shop', 'asia/.hidden']) {
    await mkdir(join(project.path, 'configs', name), { recursive: true });
  }
  await writeFile(join(project.path, 'configs/config.schema.json'), '{}');
  await writeFile(join(project.path, 'configs/eu/notes.txt'), '');
  return project.path;
}

describe('discovery', () => {
  it('lists datacenters and databases, sorted, and passes over files and what is hidden', async () => {
    const cwd = await fill();
    expect(await listDatacenters(cwd)).toEqual(['asia', 'eu', 'us']);
    expect(await listDatabases(cwd, 'eu')).toEqual(['Ordres', 'billing', 'shop']);
    expect(await resolveTargets(cwd, 'eu')).toEqual(['Ordres', 'billing', 'shop']);
    expect(await resolveTargets(cwd, 'eu', 'shop')).toEqual(['shop']);
  });

  it('follows links to folders, and passes over links that lead nowhere', async () => {
    const cwd = await fill();
    await symlink(join(cwd, 'configs/eu/shop'), join(cwd, 'configs/eu/linked'));
    await symlink(join(cwd, 'nowhere'), join(cwd, 'configs/eu/dangling'));
    expect(await listDatabases(cwd, 'eu')).toEqual(['Ordres', 'billing', 'linked', 'shop']);
  });

  it('names what there is when the datacenter or the database is not there', async () => {
    const cwd = await fill();
    await expect(resolveTargets(cwd, 'ue')).rejects.toMatchObject({
      name: 'ConfigError',
      exitCode: 2,
      message: 'there is no datacenter "ue" in configs; did you mean "eu"?',
      hint: 'There are: asia, eu, us.',
      detail: { datacenter: 'ue', existing: ['asia', 'eu', 'us'], nearest: 'eu' },
    });
    await expect(resolveTargets(cwd, 'eu', 'biling')).rejects.toMatchObject({
      message: 'there is no database "biling" in configs/eu; did you mean "billing"?',
      hint: 'There are: Ordres, billing, shop.',
    });
    await expect(resolveTargets(cwd, 'eu', 'zzz')).rejects.toMatchObject({
      message: 'there is no database "zzz" in configs/eu',
    });
    await expect(resolveTargets(cwd, 'asia', 'x')).rejects.toMatchObject({ hint: 'configs/asia holds no folder yet.' });
    await expect(resolveTargets(cwd, 'asia')).rejects.toMatchObject({
      message: 'datacenter "asia" has no databases: configs/asia holds no folder',
    });
  });

  it.each(['..', '.', '', 'eu/shop', '../configs', 'constructor'])('takes %j for no datacenter', async (dc) => {
    await expect(resolveTargets(await fill(), dc)).rejects.toThrow(`there is no datacenter "${dc}"`);
  });

  it('names a limited number', async () => {
    for (let index = 10; index < 45; index += 1)
      await mkdir(join(project.path, `configs/dc/db${String(index)}`), { recursive: true });
    await expect(resolveTargets(project.path, 'dc', 'zzzzzz')).rejects.toMatchObject({
      hint: expect.stringMatching(/^There are: db10, .*, db39 and 5 more\.$/) as string,
    });
  });

  it('says where to run belt when there are no configs', async () => {
    await expect(listDatacenters(project.path)).rejects.toMatchObject({
      message: `there is no folder "configs" in ${project.path}`,
      hint: expect.stringContaining('configs/DATACENTER/DATABASE/config.json') as string,
    });
    const cwd = await fill();
    await expect(listDatacenters(join(cwd, 'configs/eu/shop'))).rejects.toMatchObject({
      hint: `Run belt in ${cwd}, which has one.`,
    });
  });

  it('says when configs is a file', async () => {
    await writeFile(join(project.path, 'configs'), '');
    await expect(listDatacenters(project.path)).rejects.toThrow(
      'the folder configs cannot be read: it is not a folder',
    );
  });

  it('says when a folder may not be read', async () => {
    const cwd = await fill();
    const failed = await unprivileged([join(cwd, 'configs/eu'), 0o000], () => resolveTargets(cwd, 'eu'));
    expect(failed).toMatchObject({
      name: 'ConfigError',
      message: 'the folder configs/eu cannot be read: permission denied',
    });
  });
});
