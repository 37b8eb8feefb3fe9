import { beforeAll, describe, expect, it } from 'vitest';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

const COMMAND = 'teardown-back-replication';

/** One for every way in which triggers can be enabled. */
const TRIGGERS = `
  CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
  ${['plain', 'always', 'changed', 'replica', 'off']
    .map((n) => `CREATE TRIGGER t_${n} BEFORE INSERT ON "Order Details" FOR EACH ROW EXECUTE FUNCTION nothing()`)
    .join(';')};
  ALTER TABLE "Order Details" ENABLE ALWAYS TRIGGER t_always, ENABLE ALWAYS TRIGGER t_changed,
    ENABLE REPLICA TRIGGER t_replica, DISABLE TRIGGER t_off`;

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  pair = await testPair({ srcSql: ORDERS });
  second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: `${ORDERS}; ${TRIGGERS}` });
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

  it('--force lets the triggers of the source fire as before, though the destination be gone', async () => {
    const states = (side: TestPair['src']) =>
      side.sql<{ name: string; state: string }>(
        "SELECT tgname AS name, tgenabled AS state FROM pg_trigger WHERE tgname ~ '^t_' ORDER BY 1",
      );
    const before = [
      { name: 't_always', state: 'A' },
      { name: 't_changed', state: 'A' },
      { name: 't_off', state: 'D' },
      { name: 't_plain', state: 'O' },
      { name: 't_replica', state: 'R' },
    ];
    expect(await states(second.src)).toEqual(before);
    expectSuccess(await second.belt(['setup-back-replication']));
    expectSuccess(await second.belt(['teardown-forward-replication', '--force']));
    expectSuccess(await second.belt(['sync']));
    expect(await states(second.dst)).toEqual(before);
    expect(await states(second.src)).toEqual(
      before.map((one) => ({ ...one, state: one.state === 'A' ? 'O' : one.state === 'R' ? 'D' : one.state })),
    );
    await second.src.ownerSql('ALTER TABLE "Order Details" DISABLE TRIGGER t_changed');
    if (second.config.dst === null) throw new Error('no destination');
    second.config.dst.port = 1;
    await second.writeConfig();
    const run = await second.belt([COMMAND, '--force']);
    expectSuccess(run);
    expect(run.stderr).toMatch(/let triggers on the source fire as before \(changed "t_always", "t_replica"/);
    // What somebody else has changed meanwhile stays as it is.
    expect(await states(second.src)).toEqual(
      before.map((one) => (one.name === 't_changed' ? { ...one, state: 'D' } : one)),
    );
    expect(await second.src.sql("SELECT FROM pg_tables WHERE schemaname = 'belt' AND tablename ~ 'trigger'")).toEqual(
      [],
    );
    expect((await second.belt([COMMAND, '--force'])).stderr).toMatch(/skipped +let triggers on the source.*they do/);
  });
});
