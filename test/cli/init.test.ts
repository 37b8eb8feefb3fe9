import { chmod, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';
import { readServerUrl } from '../../src/config/server-url.js';
import { conninfo } from '../../src/postgres/conninfo.js';
import { buildBelt, type BeltRun } from '../harness/belt.js';
import { callBelt } from '../harness/call-belt.js';
import { expectNoTrace } from '../harness/expect-failure.js';
import { beltCommand, onTerminal, type Answer } from '../harness/terminal.js';
import { projectFolder } from '../unit/config/folder.js';
import { configText, side } from '../unit/config/texts.js';

const project = projectFolder();
const FILE = 'configs/dc1/db1/config.json';

const GIVEN = [
  ...['--src', 'postgres://ro%40ot@old.example.com/Shop%20%2F1', '--src-owner', 'o "x"'],
  ...['--src-root-pw-env', 'SRC_ROOT', '--src-owner-pw-env', 'SRC_OWNER'],
  ...['--dst', 'postgresql://root@[::1]:6432/shop?sslmode=verify-full&sslrootcert=/a%20b.pem'],
  ...['--dst-root-pw-env', 'DST_ROOT', '--dst-owner-pw-env', 'DST_OWNER'],
];

const init = (args: readonly string[] = GIVEN, names: readonly string[] = ['dc1', 'db1']): Promise<BeltRun> =>
  callBelt(project.path, ['init', ...names, ...args]);
const read = async (file = FILE): Promise<string> => readFile(join(project.path, file), 'utf8');

beforeAll(async () => {
  // The tests of terminals do not do it by themselves.
  await buildBelt();
});

interface Written {
  schema_name: string;
  $schema?: string;
  src: { pglogical_user: { name: string; pw: string } } & Record<string, unknown>;
  dst: { pglogical_user: { name: string; pw: string } } & Record<string, unknown>;
}
const written = async (file = FILE): Promise<Written> => parse(await read(file)) as Written;

describe('belt init with options', () => {
  it('writes a config that belt takes, for its owner only, and says what comes next', async () => {
    const run = await init();
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stdout).toBe(
      `${FILE} is written, for you alone to read.\n` +
        'Before you run belt, set: SRC_ROOT, SRC_OWNER, DST_ROOT, DST_OWNER\nNext: belt precheck dc1 db1\n',
    );
    expect(run.stderr).toBe('');
    expect((await stat(join(project.path, FILE))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(project.path, 'configs/dc1/db1'))).toEqual(['config.json']);
    const variables = { SRC_ROOT: 'a', SRC_OWNER: 'b', DST_ROOT: 'c', DST_OWNER: 'd' };
    const { config } = parseConfig(await read(), { file: FILE, dc: 'dc1', db: 'db1', variables });
    const pglogical = config.src?.pglogical_user;
    expect(pglogical).toMatchObject({ name: 'pglogical', pw: expect.stringMatching(/^[0-9a-f]{48}$/) as string });
    expect(config).toMatchObject({
      schema_name: 'public',
      src: {
        host: 'old.example.com',
        port: 5432,
        db: 'Shop /1',
        sslmode: 'prefer',
        root_user: { name: 'ro@ot', pw: 'a' },
        owner_user: { name: 'o "x"', pw: 'b' },
        other_users: null,
      },
      dst: {
        host: '::1',
        port: 6432,
        db: 'shop',
        sslmode: 'verify-full',
        sslrootcert: '/a b.pem',
        root_user: { name: 'root', pw: 'c' },
        owner_user: { name: 'o "x"', pw: 'd' },
        pglogical_user: pglogical,
      },
    });
    // As libpq and a URL take it, without quotes or escapes.
    expect(conninfo({ password: pglogical?.pw })).toBe(`password=${pglogical?.pw ?? ''}`);
    expect(encodeURIComponent(pglogical?.pw ?? '')).toBe(pglogical?.pw);
  });

  it('takes the pglogical user of a server from another config, so that both agree', async () => {
    await project.write(
      'configs/dc0/other/config.json',
      configText({ db: 'other', dc: 'dc0', src: side({ host: 'OLD.example.com', port: '5432' }) }),
    );
    await project.write('configs/dc0/broken/config.json', '{');
    const run = await init();
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stderr).toBe('The pglogical user of old.example.com:5432 is that of configs/dc0/other/config.json.\n');
    const { src, dst } = await written();
    expect(src.pglogical_user).toEqual({ name: 'pglogical', pw: 'pglogical-secret' });
    expect(dst.pglogical_user.pw).toMatch(/^[0-9a-f]{48}$/);
  });

  it('makes up another password each time', async () => {
    await init();
    await init(GIVEN, ['dc2', 'db2']);
    const dst = [...GIVEN];
    dst[dst.indexOf('--dst') + 1] = 'postgres://root@third/x';
    dst[dst.indexOf('--src') + 1] = 'postgres://root@fourth/x';
    await init(dst, ['dc3', 'db3']);
    const [one, two, three] = await Promise.all(
      ['dc1/db1', 'dc2/db2', 'dc3/db3'].map((x) => written(`configs/${x}/config.json`)),
    );
    expect(two?.src.pglogical_user).toEqual(one?.src.pglogical_user);
    expect(three?.src.pglogical_user.pw).not.toBe(one?.src.pglogical_user.pw);
  });

  it('names the schema file that is in the project, and quotes odd names in what comes next', async () => {
    await project.write('configs/config.schema.json', '{}');
    const run = await init([...GIVEN, '--schema', 'Shop Data'], ["it's", 'd b']);
    expect(run.stdout, run.text).toContain("Next: belt precheck 'it'\\''s' 'd b'\n");
    expect(await written("configs/it's/d b/config.json")).toMatchObject({
      $schema: '../../config.schema.json',
      schema_name: 'Shop Data',
    });
  });

  it('does not touch a config that is there, but for --force', async () => {
    await project.write(FILE, configText());
    const run = await init();
    expect(run.exitCode, run.text).toBe(1);
    expect(run.stderr).toMatch(/^error: configs\/dc1\/db1\/config\.json is there already\n {2}what to do: .*--force/);
    expect(await read()).toBe(configText());
    await chmod(join(project.path, FILE), 0o644);
    const forced = await init([...GIVEN, '--force']);
    expect(forced.exitCode, forced.text).toBe(0);
    expect(await written()).toMatchObject({ src: { host: 'old.example.com' } });
    expect((await stat(join(project.path, FILE))).mode & 0o777).toBe(0o600);
  });

  it('never loses the names of roles that lost their logins', async () => {
    const text = configText({ src: side({ other_users: [{ name: 'app', pw: null }] }) });
    await project.write(FILE, text);
    const run = await init([...GIVEN, '--force']);
    expect(run.exitCode, run.text).toBe(1);
    expect(run.stderr).toContain('holds the names of roles that lost their logins');
    expect(await read()).toBe(text);
  });

  it('says that a remote config is used no longer', async () => {
    await project.write('remote-configs/dc1/db1/config.json', '{}');
    expect((await init()).stderr).toContain('in place of remote-configs/dc1/db1/config.json');
  });

  it('says when the folder cannot be made', async () => {
    await writeFile(join(project.path, 'configs'), '');
    const run = await init();
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr).toMatch(/^error: cannot write configs\/dc1\/db1\/config\.json: /);
    expectNoTrace(run);
  });
});

describe('belt init without a terminal', () => {
  it('names all that is missing at once', async () => {
    const run = await init(['--dst', 'postgres://root@h/d', '--dst-root-pw-env', 'X']);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr.match(/^ {4}--\S+/gm)).toEqual(
      ['src', 'src-owner', 'src-root-pw-env', 'src-owner-pw-env', 'dst-owner-pw-env'].map((name) => `    --${name}`),
    );
    expect(await readdir(project.path)).toEqual([]);
  });

  it('tells all that is wrong at once, and no secret', async () => {
    const run = await init(
      [
        ...[
          '--src',
          'postgres://root:hunter2@h/d/e?password=hunter3&foo=1&sslmode=yes',
          '--src-root-pw-env',
          'hunter 4',
        ],
        ...['--dst', 'mysql://root:hunter5@h/d', '--src-owner', '<owner>', '--schema', ''],
      ],
      ['a/b', '.c'],
    );
    expect(run.exitCode, run.text).toBe(2);
    for (const words of [
      'the name of the datacenter becomes a folder',
      'the name of the database must not begin with a dot',
      '--src holds a password, which other users of this machine can see',
      '--src has more than a database after the server',
      '--src has the parameter "foo"',
      '--src wants as sslmode one of disable',
      '--src-root-pw-env wants the name of an environment variable',
      '--src-owner still is a placeholder',
      '--dst wants a URL such as postgres://USER@HOST:PORT/DATABASE',
      '--schema must not be empty',
    ]) {
      expect(run.stderr).toContain(words);
    }
    expect(run.stderr).not.toContain('hunter');
    expectNoTrace(run);
  });
});

describe('the URL of a server', () => {
  it.each([
    ['postgres://h/d', 'lacks the user'],
    ['postgres://u@h', 'lacks the database'],
    ['postgres://u@/d', 'is not a URL'],
    ['postgres://u@h:99999/d', 'is not a URL'],
    ['postgres://u@h:0/d', 'wants a port from 1 to 65535'],
    ['postgres://u@h/a%zz', 'has a % in the database that encodes nothing'],
    ['postgres://%3Cuser%3E@h/d', 'has a placeholder for the user'],
    ['u@h/d', 'wants a URL such as'],
  ])('%s: %s', (text, fault) => {
    expect(readServerUrl(text)).toMatchObject({ faults: [expect.stringContaining(fault)] });
  });
});

describe('belt init on a terminal', () => {
  const command = (...args: string[]): string => beltCommand(['init', 'dc1', 'db1', ...args]);
  const talk = (answers: readonly Answer[], ...args: string[]) =>
    onTerminal(project.path, command(...args), {}, answers);

  it('asks for everything, offers what is likely, asks again, and shows no password', async () => {
    const { exitCode, screen } = await talk([
      [/Source, host: $/, 'old.example.com\r'],
      [/Source, port \[5432\]: $/, '70000\r'],
      [/It wants a port from 1 to 65535\. Source, port \[5432\]: $/, '\r'],
      [/Source, database: $/, '\r'],
      [/It must not be empty\. Source, database: $/, 'Shop 1\r'],
      [/Source, root user \[postgres\]: $/, '\r'],
      [/Source, password of postgres \(not shown.*: $/, 'hunter2 "x\r'],
      [/Source, owner of the tables: $/, 'owner\r'],
      [/Source, password of owner .*: $/, '\r'],
      [/name of the variable: $/, 'not a name\r'],
      [/It wants the name of an environment variable.*name of the variable: $/, 'OWNER_PW\r'],
      [/Destination, host: $/, 'new.example.com\r'],
      [/Destination, port \[5432\]: $/, '5433\r'],
      [/Destination, database \[Shop 1\]: $/, '\r'],
      [/Destination, root user \[postgres\]: $/, 'owner\r'],
      [/Destination, password of owner .*: $/, 'hunter3\r'],
      [/Destination, owner of the tables \[owner\]: $/, '\r'],
      [/Schema that moves \[public\]: $/, 'Shop Data\r'],
    ]);
    expect(exitCode, screen).toBe(0);
    expect(screen).not.toContain('hunter');
    expect(await written()).toMatchObject({
      schema_name: 'Shop Data',
      src: {
        host: 'old.example.com',
        port: 5432,
        db: 'Shop 1',
        root_user: { name: 'postgres', pw: 'hunter2 "x' },
        owner_user: { name: 'owner', pw: { env: 'OWNER_PW' } },
      },
      dst: {
        port: 5433,
        db: 'Shop 1',
        root_user: { name: 'owner', pw: 'hunter3' },
        owner_user: { name: 'owner', pw: 'hunter3' },
      },
    });
  });

  it('asks only for what the options lack', async () => {
    const { exitCode, screen } = await talk(
      [
        [/Destination, password of owner .*: $/, 'pw\r'],
        [/Schema that moves \[public\]: $/, '\r'],
      ],
      ...GIVEN.slice(0, -2),
      ...['--dst-owner', 'owner'],
    );
    expect(exitCode, screen).toBe(0);
    expect(screen).not.toContain('Source');
    expect(await written()).toMatchObject({ schema_name: 'public', dst: { owner_user: { name: 'owner', pw: 'pw' } } });
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s ends it, and nothing is written', async (_, key) => {
    const { exitCode, screen } = await talk([
      [/Source, host: $/, 'h\r'],
      [/Source, port \[5432\]: $/, key],
    ]);
    expect(exitCode, screen).toBe(130);
    expect(screen).toContain('interrupted; nothing was written');
    expect(await readdir(project.path)).toEqual([]);
  });
});
