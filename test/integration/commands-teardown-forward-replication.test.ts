import { beforeAll, describe, expect, it } from 'vitest';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

const COMMAND = 'teardown-forward-replication';

let pair: TestPair;
let second: TestPair;

const count = async (side: 'src' | 'dst', of = pair): Promise<number> =>
  (await of[side].sql(`SELECT FROM "Shop Data"."Order Details"`)).length;

/** What pglogical and the server keep of a subscription. */
const remains = async (of: TestPair): Promise<Record<string, unknown[]>> => ({
  subscriptions: await of.dst.sql('SELECT sub_name FROM pglogical.subscription'),
  slots: await of.src.sql('SELECT slot_name FROM pg_replication_slots WHERE database = current_database()'),
  origins: await of.dst.sql(
    "SELECT roname FROM pg_replication_origin WHERE roname = pglogical.pglogical_gen_slot_name(current_database(), 'pg1', 'pg1_pg2')",
  ),
});

beforeAll(async () => {
  pair = await testPair({ srcSql: ORDERS });
  second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: ORDERS });
  await Promise.all([replicate(pair), replicate(second)]);
  await Promise.all([pair.src.disconnect(), second.src.disconnect()]);
});

describe('belt teardown-forward-replication', () => {
  it('is refused while clients are connected to the source, naming them', async () => {
    const app = await pair.src.connect(pair.names.app);
    const run = await pair.belt([COMMAND]);
    await app.end();
    expectFailure(run, {
      config: pair.config,
      says: [
        new RegExp(
          `1 client session can still write on the source database .*: 1 of ${pair.names.app.name}; what is committed there from now on would be lost \\[step check-writers\\]`,
        ),
        /revoke-logins --disconnect/,
      ],
    });
    await waitForStatus(pair, 'replicating');
  });

  it('--dry-run changes nothing', async () => {
    for (const kept of Object.values(await remains(pair))) expect(kept).toHaveLength(1);
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt([COMMAND, '--dry-run', '--json']), detailFields, [pair]);
    expect(results[0]?.steps.find(({ name }) => name === 'drop-subscription')?.status).toBe('planned');
    expect(await everything(pair)).toEqual(before);
  });

  it('is refused while the destination has not applied all, with the figure; loses no row when it goes on', async () => {
    const holder = await pair.dst.connect();
    await holder.query('BEGIN; LOCK TABLE "Shop Data"."Order Details" IN SHARE MODE');
    await pair.src.sql(
      `INSERT INTO "Shop Data"."Order Details" (v, n) SELECT repeat('x', 100), i FROM generate_series(1, 1000) i`,
    );
    const run = await pair.belt([COMMAND, '--wait', '1']);
    const [held] = await pair.dst.sql('SELECT count(*)::int AS n FROM "Shop Data"."Order Details"');
    await holder.query('ROLLBACK');
    await holder.end();
    expect(held).toEqual({ n: 20 });
    expectFailure(run, {
      config: pair.config,
      says: [
        /the destination database .* has not applied all that the source database .* has committed: \d[\d.]* (bytes|kB) of WAL not confirmed \(confirmed [0-9A-F/]+, wanted [0-9A-F/]+\) after 1 s \[step check-applied\]/,
        /--wait/,
      ],
    });
    expect(await count('src')).toBe(1020);
    const { results } = checkedJson(await pair.belt([COMMAND, '--json']), detailFields, [pair]);
    expect(results).toMatchObject([{ success: true, detail: { subscription: 'pg1_pg2' } }]);
    expect(await count('dst')).toBe(1020);
    expect(await remains(pair)).toEqual({ subscriptions: [], slots: [], origins: [] });
    await waitForStatus(pair, 'unconfigured');
  });

  it('finds nothing to do the second time', async () => {
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt([COMMAND, '--json']), detailFields, [pair]);
    expect(results[0]?.steps.filter(({ status }) => status !== 'skipped')).toEqual([]);
    expect(await everything(pair)).toEqual(before);
  });

  it('is refused while nothing applies; --force goes on, whatever is lost', async () => {
    // The worker ends each time that it comes to the row.
    await second.dst.sql(
      'ALTER TABLE "my ""odd"" schéma"."Order Details" ADD CONSTRAINT never CHECK (n <> 4711) NOT VALID',
    );
    await second.src.sql('INSERT INTO "my ""odd"" schéma"."Order Details" (n) VALUES (4711)');
    const run = await second.belt([COMMAND, '--wait', '1']);
    expectFailure(run, { config: second.config, says: [/has not applied all .* of WAL not confirmed/, /--force/] });
    expectSuccess(await second.belt([COMMAND, '--force']));
    expect(await remains(second)).toEqual({ subscriptions: [], slots: [], origins: [] });
  });

  it('takes the whole datacenter', async () => {
    const { results } = checkedJson(await pair.beltRaw([COMMAND, pair.dc, '--json']), detailFields, [pair, second]);
    expect(results.map(({ db, success }) => [db, success])).toEqual([
      ['shop', true],
      ['users', true],
    ]);
  });
});
