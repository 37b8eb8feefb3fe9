import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Environment } from '../../../src/environment.js';
import { checkTools, chooseTool, findDumpTools, findTools, type Tool } from '../../../src/process/tools.js';

const tool = (major: number, wrapper = false): Tool => ({
  name: 'pg_dump',
  path: `/bin/${String(major)}`,
  major,
  version: String(major),
  wrapper,
});

describe('chooseTool', () => {
  const all = [18, 17, 16, 15, 14].map((major) => tool(major));
  it.each([
    ['the destination its release', all, 15, 17, 17],
    ['the same release on both sides', all, 15, 15, 15],
    ['a destination that is older', all, 16, 15, 16],
    ['no exact one: the newest below', [tool(18), tool(16), tool(15)], 15, 17, 16],
    ['none below: the oldest above', [tool(18), tool(17), tool(14)], 15, 16, 17],
    ['only too old ones', [tool(14), tool(13)], 15, 17, undefined],
    ['none', [], 15, 17, undefined],
  ])('%s', (_, tools, source, destination, wanted) => {
    expect(chooseTool(tools, source, destination)?.major).toBe(wanted);
  });

  it('prefers the program to the wrapper of the same version', () => {
    expect(chooseTool([tool(15, true), tool(15)], 15, 15)?.wrapper).toBe(false);
    expect(chooseTool([tool(15, true)], 15, 15)?.wrapper).toBe(true);
  });
});

describe('findTools', () => {
  let folder = '';
  let environment: Environment;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'belt-tools-'));
    environment = {
      cwd: folder,
      variables: { BELT_PG_BIN: folder, PATH: '/usr/bin:/bin' },
      pid: 1,
      signal: new AbortController().signal,
    };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const install = async (name: string, output: string): Promise<void> => {
    await writeFile(join(folder, name), `#!/bin/sh\n${output}\n`);
    await chmod(join(folder, name), 0o755);
  };

  it('reads versions, and leaves out what is no such tool', async () => {
    await install('pg_dump', 'echo "pg_dump (PostgreSQL) 17.2 (Debian 17.2-1)"');
    await install('pg_restore', 'exit 1');
    expect(await findTools('pg_dump', environment)).toEqual([
      {
        name: 'pg_dump',
        path: join(folder, 'pg_dump'),
        major: 17,
        version: '17.2 (Debian 17.2-1)',
        wrapper: false,
      },
    ]);
    expect(await findTools('pg_restore', environment)).toEqual([]);
    expect(await findTools('psql', environment)).toEqual([]);
  });

  it("knows Debian's wrapper", async () => {
    await install('pg_wrapper', 'echo "pg_dump (PostgreSQL) 16.1"');
    await symlink(join(folder, 'pg_wrapper'), join(folder, 'pg_dump'));
    expect((await findTools('pg_dump', environment))[0]?.wrapper).toBe(true);
  });

  it('starts no wrapper where there is a program, and each program once in a run', async () => {
    const note = join(folder, 'note');
    const [wrapped, plain] = [join(folder, 'wrapped'), join(folder, 'plain')];
    await Promise.all([wrapped, plain].map((one) => mkdir(one)));
    await install('wrapped/pg_wrapper', `echo wrapper >> ${note}; echo "pg_dump (PostgreSQL) 99.1"`);
    await symlink('pg_wrapper', join(wrapped, 'pg_dump'));
    await install('plain/pg_dump', `echo program >> ${note}; echo "pg_dump (PostgreSQL) 98.1"`);
    environment = { ...environment, variables: { PATH: `${wrapped}:${plain}:/usr/bin:/bin` } };
    const [first] = await findTools('pg_dump', environment);
    expect(first).toMatchObject({ major: 98, wrapper: false, path: join(plain, 'pg_dump') });
    await findDumpTools(environment, { source: 98, destination: 98 }).catch(() => undefined);
    expect(await readFile(note, 'utf8')).toBe('program\n');
  });

  it('says what is too old, where, and what to install', async () => {
    await install('pg_dump', 'echo "pg_dump (PostgreSQL) 12.1"');
    const error = await findDumpTools(environment, { source: 15, destination: 17 }).catch((one: unknown) => one);
    expect(error).toMatchObject({
      message: `pg_dump is too old: version 15 or newer is needed, found ${join(folder, 'pg_dump')} (version 12.1)`,
    });
    expect((error as { hint: string }).hint).toContain('postgresql-client-17');
  });

  it('lists each tool for precheck', async () => {
    await install('pg_dump', 'echo "pg_dump (PostgreSQL) 15.1"');
    const checks = await checkTools(environment, { source: 15, destination: 15 });
    expect(checks.map(({ name, ok, version }) => [name, ok, version])).toEqual([
      ['pg_dump', true, '15.1'],
      ['pg_restore', false, null],
      ['psql', false, null],
    ]);
  });
});
