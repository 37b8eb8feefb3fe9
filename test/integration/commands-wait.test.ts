import { beforeAll, describe, expect, it } from 'vitest';
import { waitFields } from '../../src/results/wait.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { holding, until, untilBlocked } from '../harness/migration.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';
import { ident } from '../../src/postgres/quote.js';

let pair: TestPair;
let second: TestPair;

const table = ({ schema }: TestPair): string => `${ident(schema)}."Order Details"`;

/** A row that the destination cannot apply as long as `work` runs. */
function heldUp<T>(one: TestPair, work: () => Promise<T>): Promise<T> {
  return holding(one.dst, `LOCK TABLE ${table(one)} IN SHARE MODE`, async () => {
    await one.src.ownerSql(`INSERT INTO "Order Details" (v, n) VALUES ('held up', 1)`);
    await untilBlocked(one.dst, 'pglogical apply %');
    return work();
  });
}

/** Waits until belt's wait has asked this database. */
function untilAsked(side: TestDatabase): Promise<void> {
  return until('belt wait is connected', async () => {
    const rows = await side.sql(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belt wait %'",
    );
    return rows.length > 0;
  });
}

beforeAll(async () => {
  pair = await testPair({ srcSql: ORDERS });
  second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: ORDERS });
});

describe('belt wait', () => {
  it('does not wait for what is not set up, but for nothing to be set up', async () => {
    const run = await pair.belt(['wait', '--for', 'replicating']);
    expectFailure(run, {
      config: pair.config,
      says: [
        /forward replication is not set up: the destination database .* has no subscription pg1_pg2/,
        /belt setup /,
      ],
    });
    const json = checkedJson(await pair.belt(['wait', '--for', 'caught-up', '--back', '--json']), waitFields, [pair]);
    expect(json.results).toMatchObject([
      { success: false, direction: 'back', back_replication: 'unconfigured', error: { error_type: 'RefusedError' } },
    ]);
    const none = await pair.beltRaw(['wait', pair.dc, '--for', 'unconfigured', '--json']);
    expect(checkedJson(none, waitFields, [pair, second]).results).toMatchObject([
      { db: 'shop', success: true, waited_for: 'unconfigured', forward_replication: 'unconfigured' },
      { db: 'users', success: true },
    ]);
  });

  it('for replicating waits out the initial copy', async () => {
    const sql = 'CREATE TABLE "Order Details" (id int PRIMARY KEY, v text, n int)';
    const fresh = await testPair({ srcSql: `${sql}; INSERT INTO "Order Details" VALUES (1, '', 1)`, dstSql: sql });
    let waiting: ReturnType<TestPair['belt']> | undefined;
    await holding(fresh.dst, `LOCK TABLE ${table(fresh)} IN SHARE MODE`, async () => {
      expectSuccess(await fresh.belt(['setup', '--no-schema', '--copy', 'pglogical']));
      await untilBlocked(fresh.dst, 'pg1_pg2_copy');
      const early = checkedJson(
        await fresh.belt(['wait', '--for', 'replicating', '--timeout', '1s', '--json']),
        waitFields,
        [fresh],
      );
      expect(early.results).toMatchObject([
        { success: false, forward_replication: 'initializing', error: { error_type: 'DeadlineError' } },
      ]);
      const { stderr } = await fresh.belt(['wait', '--for', 'replicating', '--timeout', '1s']);
      expect(stderr).toMatch(/initializing, \d+\.\d % copied \(/);
      waiting = fresh.belt(['wait', '--for', 'replicating', '--json']);
      await untilAsked(fresh.dst);
    });
    if (waiting === undefined) throw new Error('nothing waits');
    expect(checkedJson(await waiting, waitFields, [fresh]).results).toMatchObject([
      { success: true, waited_for: 'replicating', direction: 'forward', forward_replication: 'replicating' },
    ]);
  });

  it('for every database of a datacenter, in both directions; it changes nothing', { timeout: 180_000 }, async () => {
    await Promise.all([replicate(pair, 'both'), replicate(second, 'both')]);
    const before = await everything(pair);
    for (const more of [[], ['--back']]) {
      const run = await pair.beltRaw(['wait', pair.dc, '--for', 'caught-up', ...more, '--json']);
      const direction = more.length === 0 ? 'forward' : 'back';
      expect(checkedJson(run, waitFields, [pair, second]).results).toMatchObject([
        { db: 'shop', direction, forward_replication: 'replicating', back_replication: 'replicating' },
        { db: 'users', direction, lag_bytes: expect.any(Number) as number },
      ]);
    }
    const run = await pair.beltRaw(['wait', pair.dc, '--for', 'replicating', '--back']);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop +back replicating +replicating +replicating /m);
    expect(await everything(pair)).toEqual(before);
  });

  it('for caught-up waits until a row is really applied, though the direction replicates', async () => {
    let waiting: ReturnType<TestPair['belt']> | undefined;
    await heldUp(second, async () => {
      const early = await second.belt(['wait', '--for', 'caught-up', '--timeout', '2s']);
      expectFailure(early, {
        config: second.config,
        says: [/forward replication was waited for to be caught-up for 2\.0 s in vain: it is replicating, .* behind/],
      });
      expectSuccess(await second.belt(['wait', '--for', 'replicating']));
      waiting = second.belt(['wait', '--for', 'caught-up', '--json']);
      await untilAsked(second.src);
    });
    if (waiting === undefined) throw new Error('nothing waits');
    expect(checkedJson(await waiting, waitFields, [second]).success).toBe(true);
    const [row] = await second.dst.ownerSql<{ rows: string }>(
      `SELECT count(*) AS rows FROM "Order Details" WHERE v = 'held up'`,
    );
    expect(row?.rows).toBe('1');
  });

  it('interrupted ends with exit code 130', async () => {
    await heldUp(second, async () => {
      const run = await second.belt(['wait', '--for', 'caught-up', '--json'], {
        signalWhen: { signal: 'SIGINT', matches: /wait until forward replication is caught-up: replicating/ },
      });
      expect(run.exitCode, run.text).toBe(130);
      expect(run.json()).toMatchObject({ error: { error_type: 'InterruptedError' } });
    });
  });

  it('fails when a direction goes down and stays down, with the reason', async () => {
    await waitForStatus(pair, 'replicating', 'replicating');
    await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
    const [text, json] = await Promise.all([
      pair.belt(['wait', '--for', 'replicating']),
      pair.belt(['wait', '--for', 'caught-up', '--json']),
    ]);
    expectFailure(text, {
      config: pair.config,
      says: [/forward replication is down: subscription pg1_pg2 is disabled/],
    });
    expect(text.stdout).toMatch(/^shop +forward replicating: no +down +replicating /m);
    expect(checkedJson(json, waitFields, [pair]).results).toMatchObject([
      { success: false, forward_replication: 'down', back_replication: 'replicating' },
    ]);
    // Not even a worker was started.
    await waitForStatus(pair, 'down', 'replicating');
  });

  it('outlives a crash of either server', { timeout: 300_000 }, async () => {
    await waitForStatus(second, 'replicating', 'replicating');
    for (const side of ['src', 'dst'] as const) {
      let waiting: ReturnType<TestPair['belt']> | undefined;
      // Held up on the server that stays.
      const other = side === 'src' ? 'dst' : 'src';
      const back = side === 'src' ? [] : ['--back'];
      await holding(second[other], `LOCK TABLE ${table(second)} IN SHARE MODE`, async () => {
        await second[side].ownerSql(`INSERT INTO "Order Details" (id, v, n) VALUES ($1, 'crash', 1)`, [
          side === 'src' ? 10_001 : 10_002,
        ]);
        await untilBlocked(second[other], 'pglogical apply %');
        waiting = second.belt(['wait', '--for', 'caught-up', ...back, '--timeout', '5m'], { timeout: 280_000 });
        await untilAsked(second[side]);
        for (const one of [pair, second]) await one[side].disconnect();
        // An orderly stop would wait until the other server has confirmed all.
        await second[side].server.kill();
        await second[side].server.start();
      });
      const run = await waiting;
      if (run === undefined) throw new Error('nothing waits');
      expectSuccess(run);
      expect(run.stderr).toMatch(/connections were lost and made anew meanwhile/);
    }
  });

  it('fails at once, without retrying, when a server does not answer at the beginning', async () => {
    const closed = await testPair({
      config: ({ src }) => {
        if (src !== null) src.port = 1;
      },
    });
    expectFailure(await closed.belt(['wait', '--for', 'replicating']), {
      config: closed.config,
      says: [/cannot connect to the source database/],
    });
  });

  it.each([
    [['--for', 'replicated'], /It wants one of replicating, caught-up, unconfigured/],
    [['--for', 'replicating', '--timeout', '10'], /It wants a duration such as 30s, 10m, 1h/],
    [[], /required option '--for <state>' not specified/],
  ] as const)('does not take %j', async (words, message) => {
    const run = await pair.belt(['wait', ...words]);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr).toMatch(message);
  });
});
