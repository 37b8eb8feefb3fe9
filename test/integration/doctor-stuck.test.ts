import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { ident, literal, qualified } from '../../src/postgres/quote.js';
import { everything, expectSuccess, replicate, waitForStatus } from '../harness/commands.js';
import {
  doctor,
  expectFinding,
  expectFlow,
  expectMended,
  failures,
  PATIENT,
  pglogicalRole,
  slotOf,
  startWorkerAnew,
  untilDown,
} from '../harness/doctor.js';
import { holding, until, untilBlocked } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Breakages that keep a direction from moving on, and that belt names but does not mend. */

async function replicatedPatient(): Promise<TestPair> {
  const pair = await testPair({ hostile: true, srcSql: PATIENT });
  await replicate(pair);
  return pair;
}

describe.concurrent('belt doctor on a change that the destination refuses', () => {
  // Each test waits for pglogical's pauses after a failure: side by side, each with a pair of its own. All are made before,
  // since what a test takes down of the servers' roles and origins is not to change under it.
  const pairs: TestPair[] = [];
  beforeAll(async () => {
    pairs.push(...(await Promise.all(Array.from({ length: 4 }, replicatedPatient))));
  });

  const ownPair = () => {
    const pair = pairs.pop();
    if (pair === undefined) throw new Error('one pair for each test');
    return { pair, table: qualified(pair.schema, 'Order Details') };
  };

  const refused = { severity: 'fail', direction: 'forward', side: 'dst', fixable: false } as const;

  /** Mended by hand, --fix starts the worker at once, and the change arrives. */
  const mend = async (pair: TestPair, sql: string): Promise<void> => {
    await pair.dst.sql(sql);
    const fixed = await doctor(pair, ['--fix']);
    expect(fixed).toMatchObject({ success: true, forward_replication: 'replicating' });
    await expectFlow(pair);
  };

  it('names table, key and unique index, and no other value', async () => {
    const { pair, table } = ownPair();
    // setup leaves the indexes that can wait to it.
    expectSuccess(await pair.belt(['create-indexes']));
    await pair.dst.sql(`SET session_replication_role = replica; INSERT INTO ${table} VALUES (70, 'in the way', 7)`);
    // Two transactions that arrive before the one that is stuck: they are not what is told of.
    await pair.src.ownerSql(`INSERT INTO "Order Details" VALUES (50, 'fine', -50)`);
    await pair.src.ownerSql(`INSERT INTO "Order Details" VALUES (51, 'fine', -51), (71, 'confidential', 7)`);
    await untilDown(pair);
    const before = await everything(pair);
    const found = await doctor(pair);
    expectFinding(found, 'change-refused', {
      ...refused,
      object: table,
      says: [
        `the next change, INSERT into ${table} ("id" = 71), is refused by the destination database`,
        /another row there has the same values in unique index "only_positive"/,
      ],
    });
    expect(failures(found)).toEqual(['change-refused']);
    expect(found.run.text).not.toMatch(/confidential|in the way/);
    expect(await everything(pair)).toEqual(before);
    expect(await pair.dst.sql(`SELECT FROM ${table} WHERE id IN (51, 71)`)).toEqual([]);
    await mend(pair, `DELETE FROM ${table} WHERE id = 70`);
  });

  it('knows that pglogical overwrites a row that has the key already', async () => {
    const { pair, table } = ownPair();
    await pair.dst.sql(
      `SET session_replication_role = replica; INSERT INTO ${table} VALUES (80, 'older', -80);
       ALTER TABLE ${table} ADD CONSTRAINT small CHECK (n < 1000)`,
    );
    await pair.src.ownerSql(`INSERT INTO "Order Details" VALUES (80, 'newer', -80), (81, 'large', 5000)`);
    await untilDown(pair);
    expectFinding(await doctor(pair), 'change-refused', {
      ...refused,
      says: ['("id" = 81)', /it breaks check constraint "small"/, /Drop that constraint on the destination/],
    });
    await mend(pair, `ALTER TABLE ${table} DROP CONSTRAINT small`);
    expect(await pair.dst.sql(`SELECT v FROM ${table} WHERE id = 80`)).toEqual([{ v: 'newer' }]);
  });

  it('tells of an UPDATE that brings no value for a NOT NULL column', async () => {
    const { pair, table } = ownPair();
    await pair.dst.sql(`ALTER TABLE ${table} ALTER v SET NOT NULL`);
    await pair.src.ownerSql('UPDATE "Order Details" SET v = NULL WHERE id = 3');
    await untilDown(pair);
    expectFinding(await doctor(pair), 'change-refused', {
      ...refused,
      says: [`UPDATE of ${table} ("id" = 3)`, /it has no value for column "v", which is NOT NULL there/],
    });
    await mend(pair, `ALTER TABLE ${table} ALTER v DROP NOT NULL`);
  });

  it('tells of a DELETE that a trigger refuses', async () => {
    const { pair, table } = ownPair();
    await pair.dst.sql(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'nobody deletes here'; END$$;
       CREATE TRIGGER refuse BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse();
       ALTER TABLE ${table} ENABLE ALWAYS TRIGGER refuse`,
    );
    await pair.src.ownerSql('DELETE FROM "Order Details" WHERE id = 4');
    await untilDown(pair);
    const found = await doctor(pair);
    expectFinding(found, 'change-refused', {
      ...refused,
      says: [`DELETE from ${table} ("id" = 4)`, /nobody deletes here/],
    });
    expectFinding(found, 'trigger-fires', { severity: 'warn', object: table, says: [/ENABLE ALWAYS/] });
    await mend(pair, `ALTER TABLE ${table} DISABLE TRIGGER refuse`);
  });
});

/** PATIENT's tables without anything in or on them. */
const EMPTY = `
  CREATE TABLE "Order Details" (id int PRIMARY KEY, v text, n int, owner_note text);
  CREATE TABLE other (id int PRIMARY KEY, v text)`;

describe.concurrent('belt doctor', () => {
  describe('on a direction that does not move, or cannot be mended', { concurrent: false }, () => {
    let pair: TestPair;

    beforeAll(async () => {
      pair = await replicatedPatient();
    });

    it('names who holds the lock that the apply worker waits for, though it counts as replicating', async () => {
      const table = qualified(pair.schema, 'other');
      await holding(
        pair.dst,
        `SET application_name = 'a "reporter"'; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`,
        async () => {
          await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
          await untilDown(pair);
          // More than fits between the two servers, so that the walsender does not get to the end.
          await pair.src.ownerSql("INSERT INTO other SELECT i, repeat('x', 1000) FROM generate_series(10000, 50000) i");
          await pair.dst.sql("SELECT pglogical.alter_subscription_enable('pg1_pg2', true)");
          await untilBlocked(pair.dst, 'pglogical apply %');
          const found = await doctor(pair);
          expect(found).toMatchObject({ success: false, forward_replication: 'replicating' });
          expectFinding(found, 'waits-for-lock', {
            severity: 'fail',
            direction: 'forward',
            side: 'dst',
            object: table,
            fixable: false,
            says: [
              /the apply worker .* waits for a lock on .* that pid \d+ \(user .*, "a "reporter"", since \d{4}-/,
              /pg_terminate_backend\(\d+\)/,
            ],
          });
          expectFinding(found, 'catching-up', {
            severity: 'note',
            side: 'src',
            says: [/is catching up: .* in state catchup, with [\d.]+ MB of WAL not confirmed/],
          });
        },
      );
      await expectFlow(pair);
    });

    it('names who reads the slot in place of the worker', async () => {
      await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
      await untilDown(pair);
      const { name } = await slotOf(pair);
      const { default: pg } = await import('pg');
      const { info } = pair.src.server;
      const { pglogical, database } = pair.names;
      const intruder = new pg.Client({
        host: info.host,
        port: info.port,
        database,
        user: pglogical.name,
        password: pglogical.pw,
        application_name: 'intruder',
        replication: 'database',
      } as import('pg').ClientConfig);
      intruder.on('error', () => undefined);
      await intruder.connect();
      intruder
        .query(
          `START_REPLICATION SLOT ${ident(name)} LOGICAL 0/0 (expected_encoding 'UTF8', min_proto_version '1', max_proto_version '1',
          startup_params_format '1', proto_format 'json', "pglogical.replication_set_names" 'pgbelt', "pglogical.forward_origins" '',
          "hooks.setup_function" 'pglogical.pglogical_hooks_setup')`,
        )
        .catch(() => undefined);
      await until('the intruder reads', async () => (await slotOf(pair)).active);
      const found = await doctor(pair);
      await pair.src.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'intruder'");
      await intruder.end().catch(() => undefined);
      expectFinding(found, 'slot-held', {
        severity: 'fail',
        side: 'src',
        object: name,
        fixable: false,
        says: [/is read by somebody else, not by the destination database .*: pid \d+ .*\("intruder" from /],
      });
      await untilDown(pair);
      await expectMended(pair);
      await expectFlow(pair);
    });

    it('an origin that is gone: how to make it again', async () => {
      await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
      await untilDown(pair);
      const { name } = await slotOf(pair);
      const origin = literal(name);
      await until('the origin is free', async () =>
        pair.dst.sql(`SELECT pg_replication_origin_drop(${origin})`).then(
          () => true,
          () => false,
        ),
      );
      const found = await doctor(pair);
      const { remedy } = expectFinding(found, 'origin-gone', {
        severity: 'fail',
        side: 'dst',
        object: name,
        fixable: false,
      });
      // The remedy is to be run as it stands.
      const statements = remedy.slice(remedy.indexOf('SELECT')).split('; ');
      for (const statement of statements) await pair.dst.sql(statement);
      await expectMended(pair);
      await expectFlow(pair);
    });

    it('a source that is older than what the destination has applied', async () => {
      await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
      await untilDown(pair);
      const { name } = await slotOf(pair);
      await until('the origin is free', async () =>
        pair.dst.sql(`SELECT pg_replication_origin_advance(${literal(name)}, 'FF/0')`).then(
          () => true,
          () => false,
        ),
      );
      const found = await doctor(pair);
      expectFinding(found, 'origin-ahead', {
        severity: 'fail',
        side: 'dst',
        says: [/has applied up to FF\/0, but the source server is only at /, /copy must be made anew/],
      });
    });

    it('a slot that is gone, and in the other direction one that was left over', async () => {
      const { name } = await slotOf(pair);
      await pair.src.sql('SELECT pg_drop_replication_slot($1)', [name]);
      const found = await doctor(pair);
      expectFinding(found, 'slot-gone', {
        severity: 'fail',
        side: 'src',
        fixable: false,
        says: [/is gone from the source database .*: changes since then are lost/],
      });
      const [left] = await pair.src.sql<{ slot: string }>(
        "SELECT pglogical.pglogical_gen_slot_name(current_database(), 'pg2', 'pg2_pg1')::text AS slot",
      );
      await pair.dst.sql("SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [left?.slot]);
      expectFinding(await doctor(pair), 'slot-left-over', {
        severity: 'warn',
        direction: 'back',
        side: 'dst',
        says: [/there is no subscription to it; it keeps/, /pg_drop_replication_slot/],
      });
    });
  });

  it("says which table belt's own copy waits for, and who holds it", async () => {
    const copied = await testPair({ hostile: true, srcSql: PATIENT, dstSql: EMPTY });
    const other = qualified(copied.schema, 'other');
    let setup: ReturnType<TestPair['belt']> | undefined;
    await holding(copied.dst, `SET application_name = 'a "reporter"'; LOCK TABLE ${other} IN SHARE MODE`, async () => {
      setup = copied.belt(['setup', '--no-schema']);
      await untilBlocked(copied.dst, 'belt setup (%', other);
      const found = await doctor(copied);
      expect(found).toMatchObject({ success: false, forward_replication: 'initializing' });
      expectFinding(found, 'waits-for-lock', {
        severity: 'fail',
        direction: 'forward',
        side: 'dst',
        object: other,
        fixable: false,
        says: [
          /^"belt setup \(pid .*\)" \(pid \d+\) on the destination .* waits for a lock on .* that pid \d+ \(user .*, "a "reporter"", since/,
          /pg_terminate_backend\(\d+\)/,
        ],
      });
      expect(failures(found)).toEqual(['waits-for-lock']);
    });
    expectSuccess((await setup) ?? (await copied.belt(['setup'])));
    await expectFlow(copied);
  });

  it("says which process of pglogical's initial copy waits for which lock", async () => {
    const third = await testPair({
      srcSql: PATIENT,
      // Whose password this test changes, so that no other may use it.
      names: { pglogical: { name: `Pgl ${randomBytes(4).toString('hex')}`, pw: 'replication-password' } },
      dstSql: EMPTY,
    });
    const lock = `LOCK TABLE ${qualified(third.schema, 'other')} IN SHARE MODE`;
    await holding(third.dst, lock, async () => {
      expectSuccess(await third.belt(['setup', '--no-schema', '--copy', 'pglogical']));
      await untilBlocked(third.dst, 'pg1_pg2_copy');
      const found = await doctor(third);
      expect(found.forward_replication).toBe('initializing');
      expectFinding(found, 'waits-for-lock', {
        severity: 'fail',
        side: 'dst',
        object: qualified(third.schema, 'other'),
        says: [
          /^"pg1_pg2_copy" \(pid \d+\) on the destination database .* waits for a lock on .*"other" that pid \d+ .* holds/,
        ],
      });
    });
    await waitForStatus(third, 'replicating');

    // The copy also logs in on the destination itself: another password there stops it before it begins.
    await third.dst.sql(`ALTER ROLE ${pglogicalRole(third).name} PASSWORD 'another'`);
    await third.dst.sql("UPDATE pglogical.local_sync_status SET sync_status = 'i' WHERE sync_relname IS NULL");
    await startWorkerAnew(third);
    await waitForStatus(third, 'down');
    const found = await doctor(third);
    await third.dst.sql(`ALTER ROLE ${pglogicalRole(third).name} PASSWORD ${pglogicalRole(third).pw}`);
    expectFinding(found, 'role-password', { side: 'dst', says: [/has another password on the destination server/] });
    expectSuccess(await third.belt(['teardown-forward-replication', '--force']));
  });

  it('an initial copy that failed', async () => {
    const failed = await testPair({
      srcSql: PATIENT,
      dstSql: `CREATE TABLE "Order Details" (id int PRIMARY KEY, v text, n int, owner_note text);
               CREATE TABLE other (id int PRIMARY KEY, v text CHECK (v IS NOT NULL))`,
    });
    await failed.belt(['setup', '--no-schema', '--copy', 'pglogical']);
    await waitForStatus(failed, 'down');
    const found = await doctor(failed, ['--fix']);
    expectFinding(found, 'copy-failed', {
      severity: 'fail',
      fixable: false,
      says: [/^the initial copy failed and was rolled back/, /run belt reset/],
    });
  });
});
