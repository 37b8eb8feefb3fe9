import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { ident, literal } from '../../src/postgres/quote.js';
import { expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair, type TestSideConfig } from '../harness/pair.js';
import { testServers } from '../harness/servers.js';
import { beltCommand } from '../harness/terminal.js';

let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ hostile: true });
  // Builds belt, which a shell's command line does not.
  await pair.beltRaw(['--version']);
  const { name, pw } = pair.names.pglogical;
  for (const side of [pair.src, pair.dst]) {
    await side.sql(`CREATE ROLE ${ident(name)} LOGIN PASSWORD ${literal(pw)}`);
  }
});

/** What `psql "$(belt ...)"` answers to the question where it is, and as whom. */
async function psql(belt: readonly string[]): Promise<unknown> {
  const { tools } = await testServers();
  const question = 'SELECT json_build_array(current_user, current_database(), current_setting($$port$$)::int)';
  const command = `psql -XAt -c '${question}' "$(${beltCommand(belt)})"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', command], {
    cwd: pair.dir,
    // The string alone must say where to go.
    env: { PATH: [tools, process.env['PATH']].filter(Boolean).join(':'), PGCONNECT_TIMEOUT: '5' },
  });
  return JSON.parse(stdout);
}

const insidePort = async (side: 'src' | 'dst'): Promise<number | undefined> =>
  (await pair[side].sql<{ port: number }>("SELECT current_setting('port')::int AS port"))[0]?.port;

/** Runs something with another config. */
async function withSides<T>(
  change: (sides: { src: TestSideConfig | null; dst: TestSideConfig | null }) => void,
  work: () => Promise<T>,
): Promise<T> {
  const good = structuredClone(pair.config);
  change(pair.config);
  await pair.writeConfig();
  try {
    return await work();
  } finally {
    Object.assign(pair.config, good);
    await pair.writeConfig();
  }
}

describe.each(['src', 'dst'] as const)('belt %s-dsn', (side) => {
  it.each([
    ['root', []],
    ['owner', ['--owner']],
    ['pglogical', ['--pglogical']],
  ] as const)(
    'prints what brings psql to the database as %s, whatever the names and passwords are',
    async (role, flags) => {
      expect(await psql([`${side}-dsn`, pair.dc, pair.db, ...flags])).toEqual([
        pair.names[role].name,
        pair.names.database,
        await insidePort(side),
      ]);
    },
  );

  it('prints one line, and puts it in no log', async () => {
    const run = await pair.belt([`${side}-dsn`]);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^host=.*\n$/);
    expect(run.stderr).toBe('');
    const logs = await readdir(join(pair.dir, 'logs'), { recursive: true }).catch(() => []);
    for (const name of logs.filter((one) => one.endsWith('.log'))) {
      expect(await readFile(join(pair.dir, 'logs', name), 'utf8')).not.toContain('password');
    }
  });

  it('has sslmode, sslrootcert, and the address of "ip"', async () => {
    const change = (sides: { src: TestSideConfig | null; dst: TestSideConfig | null }): void => {
      const given = { host: 'db.invalid', ip: '127.0.0.1', sslmode: 'verify-ca', sslrootcert: '/etc/my certs/ca.pem' };
      Object.assign(sides[side] ?? {}, given);
    };
    const run = await withSides(change, () => pair.belt([`${side}-dsn`]));
    expect(run.stdout).toMatch(
      /^host=db\.invalid hostaddr=127\.0\.0\.1 port=\d+ dbname='.*' user='.*' password='.*' sslmode=verify-ca sslrootcert='\/etc\/my certs\/ca\.pem'\n$/,
    );
  });

  it('refuses two roles at once', async () => {
    const run = await pair.belt([`${side}-dsn`, '--owner', '--pglogical']);
    expectFailure(run, { exitCode: 2, config: pair.config, says: [/--owner and --pglogical exclude each other/] });
    expect(run.stdout).toBe('');
  });

  it('says which side the config lacks', async () => {
    const run = await withSides(
      (sides) => (sides[side] = null),
      () => pair.belt([`${side}-dsn`]),
    );
    expectFailure(run, {
      exitCode: 2,
      config: pair.config,
      says: [new RegExp(`config\\.json: "${side}" is null`), new RegExp(`Fill in "${side}"`)],
    });
    expect(run.stdout).toBe('');
  });

  it.each([
    ['dc2', 'shop', /there is no datacenter "dc2" in configs; did you mean "dc1"\?/, /There are: dc1\./],
    ['dc1', 'shpo', /there is no database "shpo" in configs\/dc1; did you mean "shop"\?/, /There are: shop\./],
    ['../configs', 'shop', /there is no datacenter "\.\.\/configs"/, /There are: dc1\./],
  ])('names what there is in place of %s %s', async (dc, db, ...says) => {
    const run = await pair.beltRaw([`${side}-dsn`, dc, db]);
    expectFailure(run, { exitCode: 2, config: pair.config, says });
    expect(run.stdout).toBe('');
  });

  it('wants the database named', async () => {
    const run = await pair.beltRaw([`${side}-dsn`, pair.dc]);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr).toMatch(/missing required argument 'db'/);
  });
});
