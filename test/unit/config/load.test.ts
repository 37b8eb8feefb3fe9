import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import { projectFolder, unprivileged } from './folder.js';
import { configText, side } from './texts.js';

const project = projectFolder();
const file = 'configs/dc1/db1/config.json';
const load = (variables: Record<string, string> = {}) => loadConfig(project.path, 'dc1', 'db1', variables);

describe('loading a config', () => {
  it('gives the config, where it is, and nothing to warn of when only its owner can read it', async () => {
    const path = await project.write(file, configText());
    expect(await load()).toMatchObject({ config: { db: 'db1', src: { port: 5432 } }, path, warnings: [] });
  });

  it.each([0o644, 0o640, 0o660, 0o604])('warns of mode %o, with the command that mends it', async (mode) => {
    await chmod(await project.write(file, configText()), mode);
    const octal = `0${mode.toString(8)}`;
    expect((await load()).warnings).toEqual([
      `${file} holds passwords and is open to other users of this machine (mode ${octal}): chmod 600 ${file}`,
    ]);
  });

  it('quotes the path in the command where that is needed', async () => {
    await chmod(await project.write("configs/it's/d b/config.json", configText({ dc: "it's", db: 'd b' })), 0o644);
    const { warnings } = await loadConfig(project.path, "it's", 'd b', {});
    expect(warnings[0]).toMatch(/: chmod 600 'configs\/it'\\''s\/d b\/config\.json'$/);
  });

  it('does not warn when all passwords come from the environment', async () => {
    const user = { name: 'u', pw: { env: 'PW' } };
    const text = configText({ src: side({ root_user: user, owner_user: user, pglogical_user: user }) });
    await chmod(await project.write(file, text), 0o644);
    expect((await load({ PW: 'x' })).warnings).toEqual([]);
  });

  it('warns of an ip that is none', async () => {
    await project.write(file, configText({ src: side({ ip: '10.0.0.300' }) }));
    expect((await load()).warnings).toEqual([
      `${file}: src.ip "10.0.0.300" is not an IP address, so belt goes by src.host`,
    ]);
  });

  it('tells the faults with the path from the project folder', async () => {
    await project.write(file, configText({ tables: 'x', db: 'y' }));
    await expect(load()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^configs\/dc1\/db1\/config\.json:2:9 {2}db: .*\nconfigs\/.*tables: /) as string,
    });
  });

  it('says when there is no file, no database or no datacenter', async () => {
    await mkdir(join(project.path, 'configs/dc1/db1'), { recursive: true });
    await expect(load()).rejects.toMatchObject({ name: 'ConfigError', message: `${file} does not exist` });
    await expect(loadConfig(project.path, 'dc1', 'db2', {})).rejects.toMatchObject({
      message: 'there is no database "db2" in configs/dc1; did you mean "db1"?',
    });
    await expect(loadConfig(project.path, 'dc2', 'db1', {})).rejects.toMatchObject({
      message: 'there is no datacenter "dc2" in configs; did you mean "dc1"?',
    });
  });

  it('says when a folder stands in its place', async () => {
    await mkdir(join(project.path, file), { recursive: true });
    await expect(load()).rejects.toMatchObject({ name: 'ConfigError', message: `${file} is a folder, not a file` });
  });

  it('does not read what is no file, for it might never end', async () => {
    await mkdir(join(project.path, 'configs/dc1/db1'), { recursive: true });
    await symlink('/dev/zero', join(project.path, file));
    await expect(load()).rejects.toMatchObject({ name: 'ConfigError', message: `${file} is not a regular file` });
  });

  it('says when it may not be read', async () => {
    const path = await project.write(file, configText());
    const failed = await unprivileged([path, 0o000], load);
    expect(failed).toMatchObject({ name: 'ConfigError', message: `${file} cannot be read: permission denied` });
  });

  it('says when it is not UTF-8', async () => {
    const path = await project.write(file, '');
    await writeFile(path, Buffer.from(configText().replace('root-secret', 'sécret'), 'latin1'));
    await expect(load()).rejects.toMatchObject({ name: 'ConfigError', message: `${file} is not UTF-8 text` });
  });
});
