import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BeltOptions, BeltRun } from '../harness/belt.js';
import { expectFailure, expectNoSecret, expectNoTrace } from '../harness/expect-failure.js';
import { testPair, type TestConfig, type TestPair } from '../harness/pair.js';

/** A person waits no longer than this for a server that is not there. Belt itself gives up after 8 s. */
const ANSWER_MS = 10_000;

let pair: TestPair;
const folders: string[] = [];

beforeAll(async () => {
  pair = await testPair({
    srcSql: 'CREATE TABLE "Orders" (id serial PRIMARY KEY); INSERT INTO "Orders" DEFAULT VALUES',
  });
});

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A server that accepts connections and never says a word. */
async function silentServer() {
  let asked: number | undefined;
  const server = createServer((socket) => {
    asked ??= performance.now();
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    /** Milliseconds since somebody first connected. */
    sinceAsked: (): number => performance.now() - (asked ?? NaN),
    close: () => server.close(),
  };
}

/** Runs a command on a database beside the pair's own, whose config is the same but for a change. */
async function withConfig(
  command: readonly string[],
  change: (config: TestConfig & { src: object; dst: object }) => void,
  options: BeltOptions = {},
): Promise<{ run: BeltRun; config: TestConfig }> {
  const config = structuredClone(pair.config) as TestConfig & { src: object; dst: object };
  config.db = `bad-${String(folders.length)}`;
  change(config);
  const folder = join(dirname(dirname(pair.configPath)), config.db);
  folders.push(folder);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  const [name = '', ...rest] = command;
  return { run: await pair.beltRaw([name, pair.dc, config.db, ...rest], options), config };
}

const sides = [
  ['src', 'source'],
  ['dst', 'destination'],
] as const;

describe.each(sides)('a server that cannot be reached (%s)', (side, word) => {
  it('a wrong password of root', async () => {
    const { run, config } = await withConfig(['status'], (bad) => {
      bad[side].root_user = { ...bad[side].root_user, pw: 'not-the-password' };
    });
    expectFailure(run, {
      config,
      says: [
        new RegExp(
          `^error: cannot connect to the ${word} database "${pair.names.database}" at .*as user "postgres": the password is wrong`,
        ),
        new RegExp(`Check the password of "postgres" under "${side}"`),
      ],
    });
  });

  it('an unknown host', async () => {
    const { run, config } = await withConfig(['status'], (bad) => {
      bad[side].host = 'no-such-host.invalid';
    });
    expectFailure(run, {
      config,
      says: [
        new RegExp(
          `${word} database .* at no-such-host\\.invalid:\\d+ .*: the host name (is unknown|could not be looked up)`,
        ),
        new RegExp(`"${side}\\.host"`),
      ],
    });
    expect(run.durationMs).toBeLessThan(ANSWER_MS);
  });

  it('a closed port', async () => {
    const { run, config } = await withConfig(['status'], (bad) => {
      bad[side].port = 1;
    });
    expectFailure(run, {
      config,
      says: [new RegExp(`${word} database .*:1 .*the port is closed`), new RegExp(`"${side}\\.port"`)],
    });
  });

  it('a database that is not there', async () => {
    const { run, config } = await withConfig(['status'], (bad) => {
      bad[side].db = 'No Such';
    });
    expectFailure(run, {
      config,
      says: [
        new RegExp(`${word} database "No Such" at .*: database "No Such" does not exist`),
        new RegExp(`Check "${side}\\.db"`),
      ],
    });
  });
});

describe('a server that accepts and never answers', () => {
  it.concurrent.each(['disable', 'prefer', 'require'])('is given up in time (sslmode %s)', async (sslmode) => {
    const silent = await silentServer();
    const { run, config } = await withConfig(['status'], (bad) => {
      Object.assign(bad.dst, { host: '127.0.0.1', port: silent.port, sslmode });
    });
    // Not the whole run: how long a program takes to start is another matter.
    expect(silent.sinceAsked(), run.text).toBeLessThan(ANSWER_MS);
    silent.close();
    expectFailure(run, {
      config,
      says: [/destination database .* at 127\.0\.0\.1:\d+ .*: no answer in time/, /firewalls/],
    });
  });
});

describe('a role that cannot log in', () => {
  it.each(['setup', 'precheck'])('a wrong password of the owner (%s)', async (command) => {
    const { run, config } = await withConfig([command], (bad) => {
      bad.dst.owner_user = { ...bad.dst.owner_user, pw: 'not-the-password' };
    });
    expectFailure(run, {
      config,
      says: [/destination database .* as user "Owner_.*: the password is wrong/],
    });
    expect(run.stdout + run.stderr).toMatch(/password of "Owner_.*" under "dst"/);
    if (command === 'setup') expect(run.stderr).toMatch(/\[step check-requirements\]/);
  });

  it('warns only of the owner of the source, without whom a superuser can do', async () => {
    const { run, config } = await withConfig(['precheck'], (bad) => {
      bad.src.owner_user = { ...bad.src.owner_user, pw: 'not-the-password' };
    });
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stdout).toMatch(/warn .*is not let in.*source database/s);
    expectNoSecret(run.stdout + run.stderr, config);
  });
});

describe('names of things that are not there', () => {
  it.each(['setup', 'precheck'])('a wrong schema_name (%s)', async (command) => {
    const { run, config } = await withConfig([command], (bad) => {
      bad.schema_name = 'Shop Dta';
    });
    expectFailure(run, { config, says: [/Shop Dta/, /source|src/] });
    expect(run.stdout + run.stderr).toMatch(/"schema_name" in the config/);
  });

  it.each(['setup', 'precheck'])('a table of "tables" (%s)', async (command) => {
    const { run, config } = await withConfig([command], (bad) => {
      bad.tables = ['Orders', 'Ordres'];
    });
    expectFailure(run, { config, says: [/"Ordres"/, /source/, /"tables"/] });
  });

  it('a sequence of "sequences"', async () => {
    const { run, config } = await withConfig(['precheck'], (bad) => {
      bad.sequences = ['Orders_id_sq'];
    });
    expectFailure(run, { config, says: [/"Orders_id_sq"/, /source/, /"sequences"/] });
  });
});

describe('the client tools', () => {
  let bin = '';

  beforeAll(async () => {
    bin = await mkdtemp(join(tmpdir(), 'belt-tools-'));
    folders.push(bin);
  });

  it.each(['setup', 'precheck'])('missing pg_dump (%s)', async (command) => {
    const { run, config } = await withConfig([command], () => undefined, { env: { BELT_PG_BIN: bin } });
    expectFailure(run, { config, says: [/pg_dump was not found in BELT_PG_BIN \(.*belt-tools-/] });
    expect(run.stdout + run.stderr).toMatch(/apt-get install postgresql-client-\d+/);
  });

  it.each(['setup', 'precheck'])('pg_dump older than the source (%s)', async (command) => {
    for (const tool of ['pg_dump', 'pg_restore', 'psql']) {
      await writeFile(join(bin, tool), `#!/bin/sh\necho "${tool} (PostgreSQL) 9.6.24"\n`);
      await chmod(join(bin, tool), 0o755);
    }
    const { run, config } = await withConfig([command], () => undefined, { env: { BELT_PG_BIN: bin } });
    const { major } = pair.src.server.info;
    expectFailure(run, {
      config,
      says: [new RegExp(`pg_dump is too old: version ${String(major)} or newer is needed, found .*9\\.6`)],
    });
    expect(run.stdout + run.stderr).toMatch(/apt-get install postgresql-client-\d+/);
  });
});

describe('one bad database of a datacenter', () => {
  it('leaves the others be; failures come last', async () => {
    const base = structuredClone(pair.config);
    const dc = join(pair.dir, 'configs', 'fleet');
    const dbs = { alpha: 'closed', beta: 'well', gamma: 'malformed', omega: 'well' };
    for (const [db, state] of Object.entries(dbs)) {
      const config = structuredClone({ ...base, dc: 'fleet', db });
      if (state === 'closed' && config.src !== null) config.src.port = 1;
      await mkdir(join(dc, db), { recursive: true });
      await writeFile(join(dc, db, 'config.json'), state === 'malformed' ? '{ "db": ' : JSON.stringify(config), {
        mode: 0o600,
      });
    }
    const [table, json] = await Promise.all([
      pair.beltRaw(['status', 'fleet']),
      pair.beltRaw(['status', 'fleet', '--json']),
    ]);
    for (const run of [table, json]) {
      expect(run.exitCode, run.text).toBe(1);
      expectNoTrace(run);
      expectNoSecret(run.stdout + run.stderr, base);
    }
    expect(table.stdout.split('\n').flatMap((line) => /^[a-z]+(?= )/.exec(line)?.[0] ?? [])).toEqual([
      'database',
      'beta',
      'omega',
      'alpha',
      'gamma',
    ]);
    expect(table.stderr.match(/^error: .*/gm)).toEqual([
      expect.stringMatching(/^error: alpha: cannot connect to the source/) as string,
      expect.stringMatching(/^error: gamma: .*configs\/fleet\/gamma\/config\.json/) as string,
    ]);
    const { success, results } = json.json<{
      success: boolean;
      results: { db: string; success: boolean; error: { error_type: string } | null }[];
    }>();
    expect(success).toBe(false);
    expect(results.map((row) => [row.db, row.success, row.error?.error_type])).toEqual([
      ['beta', true, undefined],
      ['omega', true, undefined],
      ['alpha', false, 'ConnectionError'],
      ['gamma', false, 'ConfigError'],
    ]);
  });
});

describe('a server that goes away in the middle', () => {
  it('is told with the step; the same command completes later', async () => {
    const blocker = await pair.src.connect();
    await blocker.query('BEGIN; LOCK TABLE "Shop Data"."Orders" IN EXCLUSIVE MODE');
    const running = pair.belt(['setup']);
    const waits = async (): Promise<boolean> => {
      const rows = await pair.src
        .sql(`SELECT FROM pg_stat_activity WHERE application_name LIKE 'belt setup%' AND wait_event_type = 'Lock'
                                          AND datname = current_database()`);
      return rows.length > 0;
    };
    await expect.poll(waits, { timeout: 30_000, interval: 50 }).toBe(true);
    await pair.src.disconnect();
    await pair.src.server.kill();
    const run = await running;
    await blocker.end().catch(() => undefined);
    expectFailure(run, {
      config: pair.config,
      says: [
        /the connection to the source database "Shop_.*" was lost/,
        /\[step fill-replication-set-src\]/,
        /run the same command again/,
      ],
    });
    await pair.src.server.start();
    const again = await pair.belt(['setup']);
    expect(again.exitCode, again.text).toBe(0);
  });

  it('makes a password of role pglogical that differs a refusal, while another database uses the role', async () => {
    await expect
      .poll(
        async () => (await pair.src.sql("SELECT FROM pg_replication_slots WHERE plugin = 'pglogical_output'")).length,
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
    const other = await testPair({
      project: pair.dir,
      db: 'other',
      srcSql: 'CREATE TABLE t (id int PRIMARY KEY)',
      config: (config) => {
        if (config.src !== null) config.src.pglogical_user = { name: 'pglogical', pw: 'not-the-password' };
      },
    });
    const run = await other.belt(['setup']);
    expectFailure(run, {
      config: other.config,
      says: [
        /role "pglogical" exists on the source server with another password, and replication of "Shop_.*" uses it/,
        /"src\.pglogical_user\.pw"/,
      ],
    });
    await pair.src.sql('SELECT 1');
  });
});
