import { beforeAll, describe, expect, it } from 'vitest';
import { statusFields } from '../../src/results/status.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { holding, untilBlocked } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { ident } from '../../src/postgres/quote.js';

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  pair = await testPair({ srcSql: ORDERS });
  second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: ORDERS });
});

const NOTHING = { sent_lag: 'unknown', write_lag: 'unknown', flush_lag: 'unknown', replay_lag: 'unknown' };

describe('belt status', () => {
  it('of databases that nobody has touched is unconfigured, in a table and as JSON', async () => {
    const run = await pair.beltRaw(['status', pair.dc]);
    expectSuccess(run);
    expect(run.stdout).toMatch(
      /^shop +unconfigured +unconfigured +unknown +unknown +unknown +unknown +n\/a +n\/a +n\/a$/m,
    );
    expect(run.stdout).toMatch(/^users +unconfigured/m);
    const { results } = checkedJson(await pair.belt(['status', '--json']), statusFields, [pair]);
    expect(results).toMatchObject([
      {
        db: 'shop',
        forward_replication: 'unconfigured',
        back_replication: 'unconfigured',
        lag: NOTHING,
        down_reasons: [],
      },
    ]);
  });

  it('of directions that run shows the lag; looking changes nothing', async () => {
    await Promise.all([replicate(pair, 'both'), replicate(second)]);
    await waitForStatus(pair, 'replicating', 'replicating');
    const before = await everything(pair);
    const { results } = checkedJson(await pair.beltRaw(['status', pair.dc, '--json']), statusFields, [pair, second]);
    expect(results).toMatchObject([
      { db: 'shop', forward_replication: 'replicating', back_replication: 'replicating', progress: 'n/a' },
      { db: 'users', forward_replication: 'replicating', back_replication: 'unconfigured' },
    ]);
    for (const row of results) {
      if (!('lag' in row)) throw new Error('no lag');
      for (const lag of Object.values(row.lag)) expect(lag).toMatch(/^[\d.]+ (bytes|kB|MB)$/);
      expect(row.lag_bytes).toBeGreaterThanOrEqual(0);
      expect(row.wal_retained_bytes).toBeGreaterThanOrEqual(0);
      expect(row.forward).toMatchObject({ wal_status: 'reserved', safe_wal_bytes: null, lag_trend: null });
      expect(row.forward?.lag_bytes.confirmed).toBe(row.lag_bytes);
      expect(row.initial_load).toBeNull();
    }
    expect(results).toMatchObject([{ back: { wal_status: 'reserved' } }, { back: null }]);
    const { stdout } = await pair.beltRaw(['status', pair.dc]);
    expect(stdout).toMatch(/ replay lag +back lag +src size /);
    expect(await everything(pair)).toEqual(before);
  });

  it('tells how much WAL may be written yet where the server limits what a slot keeps', async () => {
    await pair.src.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '500MB'");
    try {
      await pair.src.sql('SELECT pg_reload_conf()');
      await expect
        .poll(async () => checkedJson(await pair.belt(['status', '--json']), statusFields, [pair]).results)
        .toMatchObject([{ forward: { safe_wal_bytes: expect.any(Number) as number } }]);
    } finally {
      await pair.src.sql('ALTER SYSTEM RESET max_slot_wal_keep_size');
      await pair.src.sql('SELECT pg_reload_conf()');
    }
  });

  it('of a lag that stays says how much is not confirmed, in bytes', async () => {
    await holding(pair.dst, `LOCK TABLE "${pair.schema}"."Order Details" IN SHARE MODE`, async () => {
      await pair.src.ownerSql(
        `INSERT INTO "Order Details" (v, n) SELECT repeat('x', 1000), 1 FROM generate_series(1, 300)`,
      );
      await untilBlocked(pair.dst, 'pglogical apply %');
      const { results } = checkedJson(await pair.belt(['status', '--json']), statusFields, [pair]);
      const [row] = results;
      if (row === undefined || !('lag' in row)) throw new Error('no row');
      expect(row.lag_bytes).toBeGreaterThan(300_000);
      // One look does not tell since when.
      expect(row.forward).toMatchObject({ lag_bytes: { confirmed: row.lag_bytes }, lag_seconds: null });
      expect(row.back?.lag_bytes.confirmed).toBeLessThan(300_000);
    });
  });

  it('of an initial copy tells how far each table is, and who holds it up', async () => {
    const tables = `
      CREATE TABLE "A first" (id int PRIMARY KEY, v text);
      CREATE TABLE "B second" (id int PRIMARY KEY, v text);
      CREATE TABLE "C empty" (id int PRIMARY KEY);
      CREATE TABLE "D keyless" (v text);`;
    const rows = `
      INSERT INTO "A first" SELECT i, repeat('x', 500) FROM generate_series(1, 2000) i;
      INSERT INTO "B second" SELECT i, repeat('x', 500) FROM generate_series(1, 1000) i;
      INSERT INTO "D keyless" SELECT repeat('x', 500) FROM generate_series(1, 5000) i;`;
    const fresh = await testPair({ hostile: true, srcSql: tables + rows, dstSql: tables });
    const lock = await fresh.dst.connect();
    await lock.query('BEGIN');
    await lock.query(`LOCK TABLE ${ident(fresh.schema)}."B second" IN SHARE MODE`);
    const { rows: pids } = await lock.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    expectSuccess(await fresh.belt(['setup', '--no-schema', '--copy', 'pglogical']));
    await untilBlocked(fresh.dst, 'pg1_pg2_copy');
    // A table that somebody has locked must not keep status from answering.
    await holding(fresh.dst, `LOCK TABLE ${ident(fresh.schema)}."D keyless" IN ACCESS EXCLUSIVE MODE`, async () => {
      const { results } = checkedJson(await fresh.belt(['status', '--json']), statusFields, [fresh]);
      const [row] = results;
      if (row === undefined || !('initial_load' in row) || row.initial_load === null) throw new Error('no load');
      const load = row.initial_load;
      expect(row.forward_replication).toBe('initializing');
      expect(load.blocked_by).toEqual([{ side: 'dst', pid: pids[0]?.pid }]);
      const [first, other, empty, ...none] = load.tables;
      expect(none).toEqual([]);
      expect(other).toMatchObject({ name: 'B second', state: 'copying' });
      expect(other?.bytes_done).toBeLessThan(other?.bytes_total ?? 0);
      // pglogical copies in an order of its own.
      for (const table of [first, empty]) {
        expect(['done', 'waiting']).toContain(table?.state);
        expect(table?.bytes_done).toBe(table?.state === 'done' ? table.bytes_total : 0);
      }
      expect(load.bytes_total).toBe(load.tables.reduce((sum, table) => sum + table.bytes_total, 0));
      expect(row.progress).toMatch(/^\d+\.\d %$/);
    });
    await lock.end();
    await waitForStatus(fresh, 'replicating');
    const { results } = checkedJson(await fresh.belt(['status', '--json']), statusFields, [fresh]);
    expect(results).toMatchObject([{ progress: 'n/a', initial_load: null }]);
  });

  it('of a subscription that somebody disabled says so and how to enable it, exit code 1; the others are shown', async () => {
    await second.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
    const run = await pair.beltRaw(['status', pair.dc]);
    expectFailure(run, {
      config: pair.config,
      says: [
        /^error: users: replication is down: forward: subscription pg1_pg2 is disabled; enable it on the destination database .*alter_subscription_enable\('pg1_pg2'\)/,
      ],
    });
    expect(run.stdout).toMatch(/^shop +replicating +replicating .*\nusers +down +unconfigured /m);
    await second.dst.sql("SELECT pglogical.alter_subscription_enable('pg1_pg2', true)");
    await waitForStatus(second, 'replicating');
  });

  it('of a destination that cannot apply a row is down, with where to look, and exit code 1', async () => {
    await pair.dst.sql('ALTER TABLE "Shop Data"."Order Details" DROP COLUMN v');
    await pair.src.ownerSql(`INSERT INTO "Order Details" (v, n) VALUES ('does not fit', 1)`);
    await waitForStatus(pair, 'down', 'replicating');
    const { results } = checkedJson(await pair.belt(['status', '--json']), statusFields, [pair]);
    expect(results).toMatchObject([
      {
        db: 'shop',
        success: false,
        forward_replication: 'down',
        down_reasons: [expect.stringMatching(/^forward: .*log of the destination server/)],
      },
    ]);
    const run = await pair.belt(['status']);
    expectFailure(run, {
      config: pair.config,
      says: [/replication is down: forward: .*apply worker on the destination database/],
    });
    expect(run.stdout).toMatch(/^shop +down +replicating /m);
  });

  it('of a slot that is gone says that changes are lost', async () => {
    const rows = await second.src.sql<{ slot: string }>(
      'SELECT slot_name AS slot FROM pg_replication_slots WHERE database = current_database()',
    );
    await second.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
    const drop = () =>
      second.src.sql('SELECT pg_drop_replication_slot($1)', [rows[0]?.slot]).then(() => 'dropped', String);
    await expect.poll(drop, { timeout: 10_000 }).toBe('dropped');
    const { results } = checkedJson(await second.belt(['status', '--json']), statusFields, [second]);
    const gone = /^forward: its slot \S+ is gone from the source database .*: changes since then are lost/;
    expect(results).toMatchObject([
      { forward_replication: 'down', down_reasons: expect.arrayContaining([expect.stringMatching(gone)]) as string[] },
    ]);
  });
});
