import { beforeAll, describe, expect, it } from 'vitest';
import { statusFields } from '../../src/results/status.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

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
    }
    expect(await everything(pair)).toEqual(before);
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
