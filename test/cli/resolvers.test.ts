import { execFile } from 'node:child_process';
import { cp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'jsonc-parser';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { runResolver } from '../../src/config/resolver.js';
import { buildBelt, runBelt, type BeltRun } from '../harness/belt.js';
import { callBelt } from '../harness/call-belt.js';
import { expectNoTrace } from '../harness/expect-failure.js';
import { projectFolder } from '../unit/config/folder.js';
import { side } from '../unit/config/texts.js';

/** No server is needed: what a resolver gives leads to a closed port, and what it does not give leads nowhere. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = join(ROOT, 'docs/examples/aws-resolver');
const FILE = 'configs/dc1/db1/config.json';
const REMOTE = 'remote-configs/dc1/db1/config.json';
const CLOSED = { host: '127.0.0.1', port: 1, sslmode: 'disable' };

const project = projectFolder();

beforeAll(async () => {
  // Builds belt, which may take longer than a test may.
  await buildBelt();
});

/** Puts a resolver for both sides into the project, and the file that names it. */
async function resolver(code: string, remote: Record<string, unknown> = {}, name = 'r.mjs'): Promise<void> {
  await project.write(name, code);
  await project.write(REMOTE, JSON.stringify({ resolver_path: `./${name}`, ...remote }));
}

const status = (args: readonly string[] = ['dc1', 'db1'], env: Record<string, string> = {}): Promise<BeltRun> =>
  callBelt(project.path, ['status', ...args], { env });

/** For resolvers that count on the process's own folder, which is the project folder in the field. */
const statusInFolder = (args: readonly string[], env: Record<string, string> = {}): Promise<BeltRun> =>
  runBelt(project.path, ['status', ...args], { env });

const gives = (value: unknown): string => `export default async () => (${JSON.stringify(value)});`;
const cached = async (): Promise<unknown> =>
  JSON.parse((await readFile(join(project.path, FILE), 'utf8')).replace(/^\/\/.*$/gm, ''));
const nothingCached = async (): Promise<void> => {
  await expect(stat(join(project.path, FILE))).rejects.toMatchObject({ code: 'ENOENT' });
};

/** Expects one error of exit code 2 that says all this, in order, and that nothing was kept. */
async function expectRefused(run: BeltRun, says: readonly (RegExp | string)[]): Promise<void> {
  expect(run.exitCode, run.text).toBe(2);
  expect(run.stderr.match(/^error:/gm), run.text).toHaveLength(1);
  expect(run.stderr).toMatch(/\n {2}what to do: /);
  for (const words of says)
    expect(run.stderr, run.text).toEqual(
      typeof words === 'string' ? expect.stringContaining(words) : expect.stringMatching(words),
    );
  expectNoTrace(run);
  await nothingCached();
}

describe('a config that a resolver fetches', () => {
  it('is kept, for its owner only, and not fetched again', async () => {
    const given = side({ ...CLOSED, db: 'd b', root_user: { name: 'r', pw: { env: 'ROOT_PW' } }, sslmode: undefined });
    await resolver(
      `import { appendFile } from 'node:fs/promises';
       export default async function (request) {
         const { signal, ...told } = request;
         if (!(signal instanceof AbortSignal) || signal.aborted) throw new Error('no signal');
         console.log('noise'); console.error('noise'); process.stdout.write('noise');
         setInterval(() => {}, 1000);
         await appendFile('calls', JSON.stringify(told) + '\\n');
         return { ...${JSON.stringify(given)}, sslmode: undefined };
       }`,
      {
        resolver_config: { region: 'eu', tier: 'gold' },
        dst_resolver_config: { tier: 'iron', list: [1] },
        schema_name: 'Shop Data',
        tables: ['a"b'],
        exclude_users: ['x'],
      },
    );
    const run = await statusInFolder(['dc1'], { ROOT_PW: 'root-of-all' });
    expect(run.exitCode, run.text).toBe(1);
    expect(run.stderr).toContain(`db1: warning: ${FILE} was fetched by ./r.mjs, and is kept until you delete it`);
    expect(run.stderr).toContain('the port is closed');
    expect(run.stdout + run.stderr).not.toContain('noise');
    expect(await cached()).toEqual({
      db: 'db1',
      dc: 'dc1',
      schema_name: 'Shop Data',
      src: given,
      dst: given,
      tables: ['a"b'],
      sequences: [],
      exclude_users: ['x'],
      exclude_patterns: [],
    });
    expect((await stat(join(project.path, FILE))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(project.path, FILE), 'utf8')).toMatch(
      /^\/\/ Fetched by belt on \S+Z, by \.\/r\.mjs, as remote-configs\/dc1\/db1\/config\.json says\.$/m,
    );
    expect(await readdir(join(project.path, 'configs/dc1/db1'))).toEqual(['config.json']);
    const calls = (await readFile(join(project.path, 'calls'), 'utf8')).trim().split('\n').sort();
    expect(calls.map((line) => JSON.parse(line) as unknown)).toEqual([
      { dc: 'dc1', db: 'db1', side: 'dst', config: { region: 'eu', tier: 'iron', list: [1] } },
      { dc: 'dc1', db: 'db1', side: 'src', config: { region: 'eu', tier: 'gold' } },
    ]);

    await rm(join(project.path, 'r.mjs'));
    const again = await status(['dc1'], { ROOT_PW: 'root-of-all' });
    expect(again.exitCode, again.text).toBe(1);
    expect(again.stderr).not.toContain('fetched');
    expect(again.stderr).toContain('the port is closed');
  });

  it('loses to one that is in configs', async () => {
    await resolver('throw new Error("it was loaded");');
    await project.write(FILE, JSON.stringify({ db: 'db1', dc: 'dc1', src: side(CLOSED), dst: side(CLOSED) }));
    const run = await status();
    expect(run.stderr, run.text).toContain('the port is closed');
    expect(run.stderr).not.toContain('it was loaded');
  });

  it('may come by a resolver for each side, from a package, or by the export "resolve"', async () => {
    await project.write('node_modules/@acme/fetch/package.json', '{"name": "@acme/fetch", "exports": "./main.mjs"}');
    await project.write('node_modules/@acme/fetch/main.mjs', gives(side({ ...CLOSED, db: 'from package' })));
    await project.write('it/r r.mjs', `export const resolve = () => (${JSON.stringify(side(CLOSED))});`);
    await project.write(
      REMOTE,
      '{ "src_resolver_path": "@acme/fetch", /* and */ "dst_resolver_path": "./it/r r.mjs", }',
    );
    const run = await status();
    expect(run.stderr, run.text).toContain('fetched by @acme/fetch and ./it/r r.mjs');
    expect(await cached()).toMatchObject({ src: { db: 'from package' }, dst: { db: 'shop' }, tables: [] });
  });

  it('has no side for which no resolver is named', async () => {
    await project.write('r.mjs', gives(side(CLOSED)));
    await project.write(REMOTE, '{ "dst_resolver_path": "./r.mjs" }');
    const run = await callBelt(project.path, ['analyze', 'dc1', 'db1']);
    expect(run.stderr, run.text).toContain('the port is closed');
    expect(await cached()).toMatchObject({ src: null, dst: { db: 'shop' } });
    expect((await status()).stderr).toContain('"src" is null');
  });

  it('belongs to the datacenter, beside those in configs', async () => {
    await resolver(gives(side(CLOSED)));
    await project.write(
      'configs/dc1/other/config.json',
      JSON.stringify({ db: 'other', dc: 'dc1', src: null, dst: null }),
    );
    const { results } = (await status(['dc1', '--json'])).json<{ results: { db: string }[] }>();
    expect(results.map(({ db }) => db).sort()).toEqual(['db1', 'other']);
  });

  it('is not kept twice by two belts at the same time', async () => {
    await resolver(`import { randomUUID } from 'node:crypto';
      const id = randomUUID();
      export default async () => ({ ...${JSON.stringify(side(CLOSED))}, db: id });`);
    const runs = await Promise.all([status(), status(), status()]);
    const { src, dst } = (await cached()) as Record<'src' | 'dst', { db: string }>;
    expect(src.db).not.toBe(dst.db);
    const winners = runs.filter(({ stderr }) => stderr.includes('was fetched by'));
    expect(winners.length).toBeGreaterThan(0);
    for (const { text, stderr } of runs) {
      expect(
        [src.db, dst.db].some((name) => stderr.includes(`database "${name}"`)),
        text,
      ).toBe(true);
    }
  });
});

/** What a resolver does wrong, and what must be said of it. */
const WRONG: readonly (readonly [name: string, code: string, says: readonly (RegExp | string)[]])[] = [
  [
    'throws',
    'export default async () => { throw Object.assign(new RangeError("no such instance"), { code: "E404" }); };',
    [
      `error: ${REMOTE}, src: the resolver ./r.mjs failed: RangeError: no such instance (E404)\n`,
      `  ${REMOTE}, dst: the resolver ./r.mjs failed: `,
    ],
  ],
  ['throws what is no error', 'export default () => { throw "just so"; };', ['./r.mjs failed: just so']],
  [
    'gives nothing',
    'export default async () => {};',
    ['src: the resolver ./r.mjs gave nothing', 'Let it return the side'],
  ],
  ['gives null', gives(null), ['gave nothing']],
  ['gives a function', 'export default () => () => 1;', ['gave nothing']],
  ['gives what JSON cannot hold', 'export default () => ({ port: 1n });', ['gave something that JSON cannot hold']],
  ['gives a text', gives('host'), ['src: the resolver ./r.mjs gave a bad config: it wants an object', 'not a text']],
  [
    'gives a bad config',
    gives({ ...side({ port: 'x', hots: 1 }), host: undefined, root_user: { name: '', pw: { env: 'NOT_SET_HERE' } } }),
    [
      'src: the resolver ./r.mjs gave a bad config: host: is missing',
      'gave a bad config: port: wants a port number from 1 to 65535, not "x"',
      'gave a bad config: hots: is not known; did you mean "host"?',
      "gave a bad config: root_user.name: wants a role's name; it is empty",
      'gave a bad config: root_user.pw.env: the environment variable NOT_SET_HERE is not set',
      `${REMOTE}, dst: the resolver ./r.mjs gave a bad config: host: is missing`,
    ],
  ],
  [
    'exports no function',
    'export const reslove = 1;',
    ['exports no function as its default or as "resolve", but reslove'],
  ],
  [
    'has a fault in its syntax',
    'export default async () => {\n  return {;\n};',
    ["cannot be loaded: SyntaxError: Unexpected token ';'", 'node --check FILE shows the line'],
  ],
  ['lacks a package', 'import "@acme/none"; export default () => ({});', [/cannot be loaded: .*'@acme\/none'/]],
  ['fails when it is loaded', 'throw new Error("no account");', ['cannot be loaded: no account']],
  ['ends its process', 'export default () => process.exit(0);', ['gave no answer: it ended its thread']],
  ['waits for ever', 'export default () => new Promise(() => {});', ['awaits something that can never come']],
  [
    'fails in the background',
    'export default () => { setTimeout(() => { throw new Error("late"); }); return new Promise((r) => setTimeout(r, 5000)); };',
    ['gave no answer: something that it had begun failed: Error: late'],
  ],
];

describe('a resolver that', () => {
  it.each(WRONG)('%s', async (_, code, says) => {
    await resolver(code);
    await expectRefused(await status(), says);
  });

  it('is not there, on one side, is told together with what is wrong on the other', async () => {
    await project.write('r.mjs', gives({ ...side(), db: 5 }));
    await project.write(REMOTE, '{ "src_resolver_path": "@acme/none", "dst_resolver_path": "./r.mjs" }');
    const run = await status();
    await expectRefused(run, [
      `error: ${REMOTE}, src: the resolver @acme/none is not there: no such package is installed`,
      `  ${REMOTE}, dst: the resolver ./r.mjs gave a bad config: db: wants the name of the database`,
    ]);
    const json = (await status(['dc1', 'db1', '--json'])).json<{
      results: { error: { detail: { problems: object[] } } }[];
    }>();
    expect(json.results[0]?.error.detail.problems).toMatchObject([
      { side: 'src', module: '@acme/none', kind: 'not-found' },
      { side: 'dst', module: './r.mjs', kind: 'bad-config' },
    ]);
  });

  it.each([
    ['./none.mjs', /is not there at \/.*\/none\.mjs: there is no such file/],
    ['./remote-configs', /is not there at \/.*: it is not a file/],
    ['none.mjs', /no such package is installed in the project folder \(a path begins with "\.\/"\)/],
  ])('is named %s', async (name, says) => {
    await project.write(REMOTE, JSON.stringify({ resolver_path: name }));
    await expectRefused(await status(), [says]);
  });

  it('is at work when belt is interrupted does not keep it', async () => {
    await resolver(`import { writeFileSync } from 'node:fs';
      export default () => (writeFileSync('begun', ''), new Promise((done) => setTimeout(done, 60_000)));`);
    const run = await runBelt(project.path, ['status', 'dc1', 'db1'], {
      signalOn: { signal: 'SIGINT', when: vi.waitFor(() => stat(join(project.path, 'begun')), { timeout: 20_000 }) },
    });
    expect(run.exitCode, run.text).toBe(130);
    expect(run.stderr).toContain('interrupted while a resolver was at work');
    expect(run.durationMs).toBeLessThan(30_000);
    await nothingCached();
  });
});

describe('secrets of a resolver', () => {
  const SECRET = "hunter2 'x'";
  it.each([
    ['in a connection string', `new Error("cannot reach host=h password='it is' user=u")`, 'it is'],
    ['in a URL', 'new Error("cannot reach postgres://u:hunter2@h/db")', 'hunter2'],
    ['that JSON.parse quotes', '(() => { try { JSON.parse("hunter2"); } catch (e) { return e; } })()', 'hunter2'],
    ['of the environment', 'new Error("vault says no to " + process.env.VAULT_TOKEN)', 'tok-of-vault'],
    ['of its configuration', 'new Error("no entry for " + config.app.api_key)', 'key-of-app'],
    ['by name', `new Error('got {"username":"u","password":"hun\\\\"ter2"}')`, 'ter2'],
    ['that an object shows', `new Error("got { pw: 'hunter2', port: 1 }")`, 'hunter2'],
    ['in what it prints', '(console.error("hunter2"), new Error("no"))', 'hunter2'],
  ])('stay out of messages: %s', async (_, error, secret) => {
    await resolver(`export default async ({ config }) => { throw ${error}; };`, {
      resolver_config: { app: { api_key: 'key-of-app' } },
    });
    const run = await status(['dc1', 'db1'], { VAULT_TOKEN: 'tok-of-vault' });
    await expectRefused(run, ['the resolver ./r.mjs failed: ']);
    expect(run.stderr, run.text).not.toContain(secret);
    const logs = await readdir(join(project.path, 'logs/dc1/db1'));
    for (const log of logs) {
      expect(await readFile(join(project.path, 'logs/dc1/db1', log), 'utf8')).not.toContain(secret);
    }
  });

  it('of one side stay out of the message about the other', async () => {
    await project.write('src.mjs', gives(side({ root_user: { name: 'r', pw: SECRET } })));
    await project.write('dst.mjs', `export default () => { throw new Error(${JSON.stringify(`not ${SECRET}`)}); };`);
    await project.write(REMOTE, '{ "src_resolver_path": "./src.mjs", "dst_resolver_path": "./dst.mjs" }');
    const run = await status();
    await expectRefused(run, ['failed: not ***']);
  });

  it('are not shown by what is wrong beside them', async () => {
    await resolver(gives(side({ root_user: { name: 'r', pw: [SECRET] }, owner_user: { name: 'o', pasword: SECRET } })));
    const run = await status();
    await expectRefused(run, ['root_user.pw: wants a password', 'owner_user.pasword: is not known']);
    expect(run.stderr).not.toContain('hunter2');
  });
});

describe('a file in remote-configs', () => {
  it('is told all its faults at once, with their lines', async () => {
    await project.write(
      REMOTE,
      '{\n  "src_resolver_config": { "a": 1 },\n  "dst_resolver_path": 5,\n  "resolver_pat": "x",\n  "tables": "t"\n}',
    );
    await expectRefused(await status(), [
      `${REMOTE}:3:24  dst_resolver_path: wants the path of an ES module`,
      `${REMOTE}:4:3  resolver_pat: is not known; did you mean "resolver_path"?`,
      `${REMOTE}:5:13  tables: wants a list of names`,
      `${REMOTE}:2:3  src_resolver_config: is for a resolver that is not named: add src_resolver_path`,
    ]);
  });

  it('must name a resolver', async () => {
    await project.write(REMOTE, '{ "schema_name": "x", "src_resolver_path": "" }');
    await expectRefused(await status(), [
      'resolver_path: is missing, and so are src_resolver_path and dst_resolver_path',
    ]);
  });

  it('is not looked for where there is a folder for it only', async () => {
    await project.write('remote-configs/dc1/db1/notes.txt', '');
    await expectRefused(await status(), [`error: ${FILE} does not exist`]);
  });

  it('is named, when a datacenter or database is not known', async () => {
    await resolver(gives(side()));
    await expectRefused(await status(['dc2']), ['there is no datacenter "dc2" in remote-configs; did you mean "dc1"?']);
    await project.write('configs/dc1/other/x', '');
    await expectRefused(await status(['dc1', 'dbx']), [
      'there is no database "dbx" in configs/dc1 or remote-configs/dc1; did you mean "db1"?',
    ]);
  });
});

describe('the deadline', () => {
  it.each([
    ['waits', 'export default () => new Promise((r) => setTimeout(r, 60_000));'],
    ['never lets go', 'export default () => { for (;;); };'],
    [
      'ends when it is told to',
      'export default ({ signal }) => new Promise((_, no) => { signal.onabort = () => no(signal.reason); setTimeout(() => {}, 60_000); });',
    ],
  ])('holds for a resolver that %s', async (_, code) => {
    await project.write('r.mjs', code);
    const outcome = await runResolver({
      cwd: project.path,
      dc: 'dc1',
      db: 'db1',
      side: 'src',
      module: './r.mjs',
      config: {},
      variables: {},
      deadline: 300,
    });
    expect(outcome).toEqual({ kind: 'late', seconds: 0.3 });
  });
});

describe('the example', () => {
  it('gives a config of the servers of docker-compose.yml', async () => {
    await cp(EXAMPLE, project.path, { recursive: true });
    const run = await statusInFolder(['testdatacenter1']);
    expect(run.stderr, run.text).toContain('was fetched by ./resolvers/aws.mjs');
    const text = await readFile(join(project.path, 'configs/testdatacenter1/database1/config.json'), 'utf8');
    const expected = await readFile(join(ROOT, 'configs.example/testdatacenter1/database1/config.json'), 'utf8');
    const { $schema, ...config } = parse(expected, [], { allowTrailingComma: true }) as Record<string, unknown>;
    expect($schema).toBeDefined();
    const bare = JSON.parse(
      JSON.stringify(config, (key, value: unknown) => (['ip', 'other_users'].includes(key) ? undefined : value)),
    ) as unknown;
    expect(parse(text)).toEqual(bare);
  });

  it('keeps to the types of the package', async () => {
    const right = 'docs/examples/aws-resolver/resolvers/aws.mjs';
    const wrong = join(ROOT, `docs/examples/aws-resolver/resolvers/bad-${String(process.pid)}.mjs`);
    const compiler = ['node_modules/typescript/bin/tsc', '--noEmit', '--allowJs', '--checkJs', '--strict'];
    const options = ['--noImplicitAny', 'false', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
    try {
      await writeFile(
        wrong,
        "/** @type {import('pgbelt').SideResolver} */\nexport default ({ sied }) => ({ host: 1 });\n",
      );
      const args = [...compiler, ...options, '--skipLibCheck', right, wrong];
      const faults = await promisify(execFile)(process.execPath, args, { cwd: ROOT }).then(
        () => [],
        (error: unknown) => (error as { stdout: string }).stdout.split('\n').filter((line) => /^\S/.test(line)),
      );
      // Every fault is of the wrong one, and has a place in it.
      expect(faults.filter((line) => !line.includes(`${basename(wrong)}(`))).toEqual([]);
      expect(faults.join('\n')).toContain("'sied' does not exist");
      expect(faults.join('\n')).toContain("'number' is not assignable to type 'string'");
    } finally {
      await rm(wrong);
    }
  });
});
