import { beforeAll, describe, expect, it } from 'vitest';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

const COMMAND = 'teardown-back-replication';

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  pair = await testPair({ srcSql: ORDERS });
  second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: ORDERS });
});

describe('belt teardown-back-replication', () => {
  it('has nothing to do where there is none', async () => {
    const run = await pair.belt([COMMAND]);
    expectSuccess(run);
    expect(run.stderr).toMatch(/skipped +.*back replication is not configured/);
  });

  it('--dry-run changes nothing', async () => {
    await Promise.all([replicate(pair, 'both'), replicate(second, 'both')]);
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt([COMMAND, '--dry-run', '--json']), detailFields, [pair]);
    expect(results[0]?.steps.find(({ name }) => name === 'drop-subscription')?.status).toBe('planned');
    expect(await everything(pair)).toEqual(before);
  });

  it('is refused while the source has not applied all, with the figure', async () => {
    const holder = await pair.src.connect();
    await holder.query('BEGIN; LOCK TABLE "Shop Data"."Order Details" IN SHARE MODE');
    await pair.dst.sql(`INSERT INTO "Shop Data"."Order Details" (id, v, n) VALUES (5001, 'after the cutover', 1)`);
    const run = await pair.belt([COMMAND, '--wait', '1']);
    await holder.query('ROLLBACK');
    await holder.end();
    expectFailure(run, {
      config: pair.config,
      says: [
        /the source database .* has not applied all that the destination database .* has committed: \d[\d.]* (bytes|kB) of WAL not confirmed .*\[step check-applied\]/,
      ],
    });
  });

  it('takes the whole datacenter, losing nothing; forward replication goes on', async () => {
    const { results } = checkedJson(await pair.beltRaw([COMMAND, pair.dc, '--json']), detailFields, [pair, second]);
    expect(results).toMatchObject([
      { db: 'shop', success: true, detail: { subscription: 'pg2_pg1' } },
      { db: 'users', success: true },
    ]);
    expect(await pair.src.sql('SELECT v FROM "Shop Data"."Order Details" WHERE id = 5001')).toEqual([
      { v: 'after the cutover' },
    ]);
    for (const one of [pair, second]) {
      await waitForStatus(one, 'replicating', 'unconfigured');
      expect(await one.src.sql('SELECT sub_name FROM pglogical.subscription')).toEqual([]);
      expect(
        await one.dst.sql('SELECT slot_name FROM pg_replication_slots WHERE database = current_database()'),
      ).toEqual([]);
    }
  });

  it('finds nothing to do the second time', async () => {
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt([COMMAND, '--json']), detailFields, [pair]);
    expect(results[0]?.steps.filter(({ status }) => status !== 'skipped')).toEqual([]);
    expect(await everything(pair)).toEqual(before);
  });
});
