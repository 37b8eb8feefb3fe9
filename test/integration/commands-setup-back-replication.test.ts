import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { holding, untilBlocked } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

const COMMAND = 'setup-back-replication';

describe('belt setup-back-replication', () => {
  let pair: TestPair;
  let second: TestPair;

  beforeAll(async () => {
    pair = await testPair({ srcSql: ORDERS });
    second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: ORDERS });
  });

  it('is refused without forward replication', async () => {
    const run = await pair.belt([COMMAND]);
    expectFailure(run, {
      config: pair.config,
      says: [
        /^error: forward replication of "shop" is not set up \[step check-forward-replication\]/,
        /Run belt setup first/,
      ],
    });
  });

  it('--dry-run changes nothing', async () => {
    await Promise.all([replicate(pair), replicate(second)]);
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt([COMMAND, '--dry-run', '--json']), detailFields, [pair]);
    expect(results[0]?.steps.find(({ name }) => name === 'create-subscription')?.status).toBe('planned');
    expect(await everything(pair)).toEqual(before);
  });

  it('takes the whole datacenter; then rows flow both ways, and none comes home', async () => {
    expectSuccess(await pair.beltRaw([COMMAND, pair.dc]));
    for (const one of [pair, second]) {
      await waitForStatus(one, 'replicating', 'replicating');
      await one.dst.ownerSql(`INSERT INTO "Order Details" (id, v, n) VALUES (1001, 'from dst', 1)`);
      await one.src.ownerSql(`INSERT INTO "Order Details" (id, v, n) VALUES (1002, 'from src', 1)`);
      const ids = (side: 'src' | 'dst') =>
        one[side].ownerSql('SELECT id, v FROM "Order Details" WHERE id > 1000 ORDER BY id');
      const both = [
        { id: 1001, v: 'from dst' },
        { id: 1002, v: 'from src' },
      ];
      await expect.poll(() => ids('src'), { timeout: 15_000 }).toEqual(both);
      await expect.poll(() => ids('dst'), { timeout: 15_000 }).toEqual(both);
    }
  });

  it('finds nothing to do the second time', async () => {
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt([COMMAND, '--json']), detailFields, [pair]);
    expect(results[0]?.steps.map(({ name, status }) => [name, status])).toEqual([
      ['check-forward-replication', 'ok'],
      ['fill-replication-set-dst', 'skipped'],
      ['create-subscription', 'skipped'],
      ['wait-replicating', 'ok'],
    ]);
    expect(await everything(pair)).toEqual(before);
  });

  it('starts a subscription again that somebody disabled', async () => {
    await pair.src.sql("SELECT pglogical.alter_subscription_disable('pg2_pg1', true)");
    await waitForStatus(pair, 'replicating', 'down');
    expectSuccess(await pair.belt([COMMAND]));
    await waitForStatus(pair, 'replicating', 'replicating');
  });

  it('does not call a subscription done that is down, and says so', async () => {
    await pair.dst.sql("ALTER ROLE pglogical PASSWORD 'another'");
    await pair.src.sql("SELECT pglogical.alter_subscription_disable('pg2_pg1', true)");
    await waitForStatus(pair, 'replicating', 'down');
    const run = await pair.belt([COMMAND]);
    await pair.dst.sql(`ALTER ROLE pglogical PASSWORD '${pair.names.pglogical.pw}'`);
    expectFailure(run, {
      config: pair.config,
      says: [
        /back replication \(subscription pg2_pg1 on the source database .*\) is down: .*log of the source server.* \[step wait-replicating\]/,
        /run the same command again/,
      ],
    });
  });
});

describe.concurrent('while rows are still copied', () => {
  const tables = 'CREATE TABLE "Order Details" (id int PRIMARY KEY, v text, n int); CREATE TABLE log (line text)';

  it.each([
    ['belt', 'belt setup (%', /another belt is at work on the \w+ database .*: "belt setup \(pid/, /Look on/],
    [
      'pglogical',
      'pg1_pg2_copy',
      /^error: forward replication of "shop" is initializing.*\[step check-forward-replication\]/,
      /copied rows would be sent back to the source/,
    ],
  ])('by %s, it is refused, since they would come home', async (by, copies, ...says) => {
    const pair = await testPair({ srcSql: ORDERS, dstSql: tables });
    let setup: ReturnType<TestPair['belt']> | undefined;
    const table = `${ident(pair.schema)}."Order Details"`;
    const [run, status] = await holding(pair.dst, `LOCK TABLE ${table} IN SHARE MODE`, async () => {
      setup = pair.belt(['setup', '--no-schema', '--copy', by]);
      await untilBlocked(pair.dst, copies, table);
      return [await pair.belt([COMMAND]), await pair.belt(['status', '--json'])] as const;
    });
    expectFailure(run, { config: pair.config, says });
    expect(status.exitCode, status.text).toBe(0);
    expect(status.json()).toMatchObject({
      results: [
        {
          forward_replication: 'initializing',
          back_replication: 'unconfigured',
          progress: expect.stringMatching(/^\d+\.\d %$/) as string,
          src_dataset_size: expect.stringMatching(/B|bytes/) as string,
        },
      ],
    });
    expectSuccess((await setup) ?? run);
    await waitForStatus(pair, 'replicating');
    expectSuccess(await pair.belt([COMMAND]));
  });
});
