import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listSchema } from '../../src/results/list.js';
import { runBelt, type BeltRun } from '../harness/belt.js';
import { callBelt } from '../harness/call-belt.js';
import { expectNoTrace } from '../harness/expect-failure.js';
import { projectFolder } from '../unit/config/folder.js';
import { configText, side } from '../unit/config/texts.js';

const project = projectFolder();
const list = (...args: string[]): Promise<BeltRun> => callBelt(project.path, ['list', ...args]);
const json = (run: BeltRun) => listSchema.strict().parse(run.json());

async function config(dc: string, db: string, changes: Record<string, unknown> = {}): Promise<void> {
  await project.write(`configs/${dc}/${db}/config.json`, configText({ dc, db, ...changes }));
}

async function fill(): Promise<void> {
  await config('east', 'shop', { dst: side({ host: 'new', port: '6432', db: 'S p' }), schema_name: 'Shop Data' });
  await config('west', 'only src');
  await project.write(
    'remote-configs/east/far/config.json',
    '{ "src_resolver_path": "./r.mjs", "dst_resolver_path": "@acme/r", "resolver_config": { "password": "hunter2" } }',
  );
  // Hidden by the config, which wins.
  await project.write('remote-configs/east/shop/config.json', '{');
}

describe('belt list', () => {
  it('shows every database of every datacenter, and what will be fetched', async () => {
    await fill();
    const run = await list();
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stderr).toBe('');
    expect(await runBelt(project.path, ['list'])).toMatchObject({ exitCode: 0, stdout: run.stdout, stderr: '' });
    await expect(run.stdout).toMatchFileSnapshot('golden/list.txt');
  });

  it('gives the same as JSON, for one datacenter', async () => {
    await fill();
    const run = await list('east', '--json');
    expect(run.exitCode, run.text).toBe(0);
    const result = json(run);
    expect(result).toMatchObject({ dc: 'east', success: true, error: null });
    expect(result.results).toEqual([
      {
        dc: 'east',
        db: 'far',
        success: true,
        error: null,
        steps: [],
        origin: 'remote-configs',
        file: 'remote-configs/east/far/config.json',
        schema_name: 'public',
        src: null,
        dst: null,
        resolvers: { src: './r.mjs', dst: '@acme/r' },
      },
      {
        dc: 'east',
        db: 'shop',
        success: true,
        error: null,
        steps: [],
        origin: 'configs',
        file: 'configs/east/shop/config.json',
        schema_name: 'Shop Data',
        src: { host: 'db.example.com', port: 5432, db: 'shop' },
        dst: { host: 'new', port: 6432, db: 'S p' },
        resolvers: null,
      },
    ]);
    expect(run.stdout).not.toMatch(/secret|hunter/);
  });

  it('tells which configs have faults, with what can be read of them, and ends with exit code 2', async () => {
    await fill();
    await config('east', 'bad', {
      schema_name: 5,
      src: side({ port: 'x', root_user: { name: 'r', pw: { env: 'NOT_SET_HERE' } } }),
    });
    await project.write('configs/east/none/notes', '');
    await project.write('configs/west/text/config.json', 'hunter2');
    await project.write('remote-configs/west/far/config.json', '{}');
    const run = await list();
    expect(run.exitCode, run.text).toBe(2);
    await expect(run.stdout).toMatchFileSnapshot('golden/list-faults.txt');
    expect(run.stderr).not.toContain('hunter2');
    expect(run.stderr.trimEnd().split('\n')).toEqual([
      'configs/east/bad/config.json:7:13  src.port: wants a port number from 1 to 65535, not "x" (and 2 more: belt precheck east bad)',
      'configs/east/none/config.json does not exist',
      expect.stringMatching(/^remote-configs\/west\/far\/config\.json:1:1 {2}resolver_path: is missing/),
      'configs/west/text/config.json:1:1  is not a JSON value; text must stand in double quotes',
    ]);
    expectNoTrace(run);
    const again = await list('--json');
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toBe('');
    expect(
      json(again)
        .results.filter(({ success }) => !success)
        .map(({ db }) => db),
    ).toEqual(['bad', 'none', 'far', 'text']);
  });

  it('lets no name take over the terminal', async () => {
    await config('e\u001b[31m', 'x');
    const run = await list();
    expect(run.stdout).toContain(String.raw`e\x1b[31m`);
    expect(run.stdout + run.stderr).not.toContain('\u001b');
  });

  it('says when there is nothing, no such datacenter, or no project', async () => {
    await config('east', 'shop');
    const unknown = await list('esat', '--json');
    expect(unknown.exitCode, unknown.text).toBe(2);
    expect(json(unknown)).toMatchObject({
      dc: 'esat',
      success: false,
      error: { message: 'there is no datacenter "esat" in configs; did you mean "east"?' },
      results: [],
    });
    await rm(join(project.path, 'configs/east/shop'), { recursive: true });
    const empty = await list();
    expect(empty.exitCode, empty.text).toBe(0);
    expect(empty.stdout).toBe('');
    expect(empty.stderr).toContain('There is no database');
    await rm(join(project.path, 'configs'), { recursive: true });
    const none = await list();
    expect(none.exitCode, none.text).toBe(2);
    expect(none.stderr).toMatch(/^error: there is no folder "configs"/);
  });

  it('has a schema for its JSON', async () => {
    const run = await callBelt(project.path, ['schema', 'list']);
    expect(run.exitCode, run.text).toBe(0);
    expect(run.json()).toMatchObject({ title: 'belt list --json', properties: { results: { type: 'array' } } });
  });
});
