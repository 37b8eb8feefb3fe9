import { beforeAll, describe, expect, it } from 'vitest';
import { ident, literal, qualified } from '../../src/postgres/quote.js';
import { everything, expectSuccess, replicate, waitForStatus } from '../harness/commands.js';
import {
  doctor,
  expectFinding,
  expectFlow,
  failures,
  PATIENT,
  pglogicalRole,
  slotOf,
  startWorkerAnew,
  untilDown,
} from '../harness/doctor.js';
import { expectFailure } from '../harness/expect-failure.js';
import { holding, until, untilBlocked } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ hostile: true, srcSql: PATIENT });
});

const dsnOfSubscription = `(SELECT sub_origin_if FROM pglogical.subscription WHERE sub_name = 'pg1_pg2')`;

describe('belt doctor on a healthy pair', () => {
  it('finds nothing where nothing is set up', async () => {
    const run = await pair.belt(['doctor']);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop +unconfigured +unconfigured +nothing found$/m);
  });

  it('finds nothing in both directions, and changes nothing', async () => {
    await replicate(pair, 'both');
    await waitForStatus(pair, 'replicating', 'replicating');
    const before = await everything(pair);
    const run = await pair.belt(['doctor']);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop +replicating +replicating +nothing found$/m);
    const fixed = await doctor(pair, ['--fix']);
    expect(fixed).toMatchObject({ success: true, findings: [], fixed: [] });
    expect(await everything(pair)).toEqual(before);
  });

  it('looks while another belt is at work; --fix is refused then', async () => {
    const other = await pair.src.connect();
    await other.query(`SET application_name = 'belt setup (pid 1)'; SELECT pg_advisory_lock(${String(0x62656c74)})`);
    const looked = await pair.belt(['doctor']);
    const refused = await pair.belt(['doctor', '--fix']);
    await other.end();
    expectSuccess(looked);
    expectFailure(refused, { config: pair.config, says: [/another belt is at work .*"belt setup \(pid 1\)"/] });
  });
});

describe('belt doctor mends', () => {
  it('a subscription that was disabled; --dry-run shows the steps only', async () => {
    await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
    await waitForStatus(pair, 'down', 'replicating');
    const run = await pair.belt(['doctor']);
    expectFailure(run, {
      config: pair.config,
      says: [/^error: forward: subscription pg1_pg2 is disabled/, /Run the same command with --fix/],
    });
    expect(run.stdout).toMatch(
      /^FAIL {2}forward: subscription pg1_pg2 is disabled\n {6}repair: Enable it on the destination database .*alter_subscription_enable\('pg1_pg2'\)$/m,
    );
    const before = await everything(pair);
    const plan = await doctor(pair, ['--fix', '--dry-run']);
    expect(plan.steps.map(({ name, status }) => [name, status])).toEqual([
      ['diagnose', 'ok'],
      ['start-worker-forward', 'planned'],
      ['wait-forward', 'planned'],
    ]);
    expect(await everything(pair)).toEqual(before);
    const fixed = await doctor(pair, ['--fix']);
    expect(fixed).toMatchObject({
      success: true,
      forward_replication: 'replicating',
      findings: [],
      fixed: ['subscription-disabled'],
    });
    await expectFlow(pair);
  });

  it('a password of role pglogical that somebody changed', async () => {
    await pair.src.sql(`ALTER ROLE ${pglogicalRole(pair).name} PASSWORD 'another'`);
    await startWorkerAnew(pair);
    await untilDown(pair);
    const found = await doctor(pair);
    expectFinding(found, 'role-password', {
      severity: 'fail',
      direction: 'forward',
      side: 'src',
      fixable: true,
      says: [/^role pgl .* has another password on the source server than in the config/],
    });
    expectFinding(found, 'connection-failed', {
      side: 'dst',
      fixable: false,
      says: [/^the destination server cannot connect to the source server: .*password authentication failed/],
    });
    const fixed = await doctor(pair, ['--fix']);
    expect(fixed.fixed).toEqual(['role-password', 'connection-failed']);
    expect(fixed).toMatchObject({ success: true, forward_replication: 'replicating' });
    await expectFlow(pair);
  });

  it('a role that may not log in or replicate any more', async () => {
    const { name } = pglogicalRole(pair);
    await pair.src.sql(`ALTER ROLE ${name} NOLOGIN NOREPLICATION NOSUPERUSER`);
    await startWorkerAnew(pair);
    await untilDown(pair);
    const found = await doctor(pair);
    expectFinding(found, 'role-no-login', { side: 'src', fixable: true, says: [/may not log in .*\(NOLOGIN\)/] });
    expectFinding(found, 'role-privileges', { fixable: true, says: [/lacks SUPERUSER and REPLICATION/] });
    const fixed = await doctor(pair, ['--fix']);
    expect(fixed).toMatchObject({ success: true, forward_replication: 'replicating', findings: [] });
    await expectFlow(pair);
  });

  it('a server that refuses the output plugin since a minor update', async () => {
    const [setting] = await pair.src.sql<{ it: string | null }>(
      "SELECT current_setting('output_plugin_libraries', true) AS it",
    );
    const listed = setting?.it?.includes('pglogical_output') ?? true;
    await pair.src.sql(`ALTER ROLE ${pglogicalRole(pair).name} RESET ALL`);
    await startWorkerAnew(pair);
    // A server that does not know the setting, or lists the plugin for all, takes it.
    if (listed) await waitForStatus(pair, 'replicating', 'replicating');
    else await untilDown(pair);
    const found = await doctor(pair);
    expect(failures(found)).toEqual(listed ? [] : ['output-plugin-refused']);
    if (!listed) {
      expectFinding(found, 'output-plugin-refused', {
        side: 'src',
        fixable: true,
        says: [/refuses pglogical's output plugin to role pgl .* \(output_plugin_libraries\)/],
      });
    }
    const fixed = await doctor(pair, ['--fix']);
    expect(fixed).toMatchObject({ success: true, forward_replication: 'replicating', findings: [] });
    await expectFlow(pair);
  });

  it('connection settings that are not the config’s any more, and shows no password', async () => {
    await pair.dst.sql(
      `UPDATE pglogical.node_interface SET if_dsn = regexp_replace(if_dsn, 'port=\\d+', 'port=1') || ' password=old-secret'
        WHERE if_id = ${dsnOfSubscription}`,
    );
    await startWorkerAnew(pair);
    await untilDown(pair);
    const found = await doctor(pair);
    expectFinding(found, 'dsn-outdated', {
      severity: 'fail',
      side: 'dst',
      fixable: true,
      says: [
        /settings that are not the config's any more \(port 1 instead of \d+, another password\): .*Connection refused/,
      ],
    });
    expect(found.run.text).not.toContain('old-secret');
    const fixed = await doctor(pair, ['--fix']);
    expect(fixed).toMatchObject({
      success: true,
      forward_replication: 'replicating',
      findings: [],
      fixed: ['dsn-outdated'],
    });
    await expectFlow(pair);
  });

  it('nothing where only the config is wrong: it says how they differ', async () => {
    const right = pair.config.src;
    if (right === null) throw new Error('no source');
    pair.config.src = { ...right, peer_host: right.peer_host ?? right.host, peer_port: 1 };
    await pair.writeConfig();
    const found = await doctor(pair, ['--fix']);
    expect(found).toMatchObject({ success: true, fixed: [] });
    expectFinding(found, 'dsn-differs', {
      severity: 'note',
      says: [/by other settings than the config's \(port \d+ instead of 1\), and that works/],
    });
    await pair.dst.sql(
      `UPDATE pglogical.node_interface SET if_dsn = regexp_replace(if_dsn, 'port=\\d+', 'port=2') WHERE if_id = ${dsnOfSubscription}`,
    );
    const both = await doctor(pair, ['--fix']);
    expect(both.success).toBe(false);
    expectFinding(both, 'connection-failed', {
      fixable: false,
      says: [
        /cannot connect .* \(port 2 instead of 1; nor by the config's settings\): .*port 2 failed/,
        /pg_hba\.conf/,
      ],
    });
    pair.config.src = right;
    await pair.writeConfig();
    expect(await doctor(pair, ['--fix'])).toMatchObject({ success: true, findings: [] });
    await expectFlow(pair);
  });

  it('nothing about a role that another database uses', async () => {
    const second = await testPair({ srcSql: PATIENT, dc: 'dc2' });
    await replicate(second);
    const { name, pw } = pglogicalRole(pair);
    await pair.src.sql(`ALTER ROLE ${name} PASSWORD 'another'`);
    const fixed = await doctor(pair, ['--fix']);
    await pair.src.sql(`ALTER ROLE ${name} PASSWORD ${pw}`);
    expect(fixed.fixed).toEqual([]);
    expectFinding(fixed, 'role-password', {
      fixable: false,
      says: [`replication of "${second.names.database}" may use it`],
    });
    expectSuccess(await second.belt(['teardown-forward-replication', '--force']));
  });
});

describe('belt doctor on a change that the destination refuses', () => {
  beforeAll(async () => {
    // What is broken on the destination from here on shall not come home.
    await pair.dst.disconnect();
    expectSuccess(await pair.belt(['teardown-back-replication']));
    // setup leaves the indexes that can wait to it.
    expectSuccess(await pair.belt(['create-indexes']));
  });

  const table = () => qualified(pair.schema, 'Order Details');
  const refused = { severity: 'fail', direction: 'forward', side: 'dst', fixable: false } as const;

  /** Mended by hand, --fix starts the worker at once, and the change arrives. */
  const mend = async (sql: string): Promise<void> => {
    await pair.dst.sql(sql);
    const fixed = await doctor(pair, ['--fix']);
    expect(fixed).toMatchObject({ success: true, forward_replication: 'replicating' });
    await expectFlow(pair);
  };

  it('names table, key and unique index, and no other value', async () => {
    await pair.dst.sql(`SET session_replication_role = replica; INSERT INTO ${table()} VALUES (70, 'in the way', 7)`);
    // Two transactions that arrive before the one that is stuck: they are not what is told of.
    await pair.src.ownerSql(`INSERT INTO "Order Details" VALUES (50, 'fine', -50)`);
    await pair.src.ownerSql(`INSERT INTO "Order Details" VALUES (51, 'fine', -51), (71, 'confidential', 7)`);
    await untilDown(pair);
    const before = await everything(pair);
    const found = await doctor(pair);
    expectFinding(found, 'change-refused', {
      ...refused,
      object: table(),
      says: [
        `the next change, INSERT into ${table()} ("id" = 71), is refused by the destination database`,
        /another row there has the same values in unique index "only_positive"/,
      ],
    });
    expect(failures(found)).toEqual(['change-refused']);
    expect(found.run.text).not.toMatch(/confidential|in the way/);
    expect(await everything(pair)).toEqual(before);
    expect(await pair.dst.sql(`SELECT FROM ${table()} WHERE id IN (51, 71)`)).toEqual([]);
    await mend(`DELETE FROM ${table()} WHERE id = 70`);
  });

  it('knows that pglogical overwrites a row that has the key already', async () => {
    await pair.dst.sql(
      `SET session_replication_role = replica; INSERT INTO ${table()} VALUES (80, 'older', -80);
       ALTER TABLE ${table()} ADD CONSTRAINT small CHECK (n < 1000)`,
    );
    await pair.src.ownerSql(`INSERT INTO "Order Details" VALUES (80, 'newer', -80), (81, 'large', 5000)`);
    await untilDown(pair);
    expectFinding(await doctor(pair), 'change-refused', {
      ...refused,
      says: ['("id" = 81)', /it breaks check constraint "small"/, /Drop that constraint on the destination/],
    });
    await mend(`ALTER TABLE ${table()} DROP CONSTRAINT small`);
    expect(await pair.dst.sql(`SELECT v FROM ${table()} WHERE id = 80`)).toEqual([{ v: 'newer' }]);
  });

  it('tells of an UPDATE that brings no value for a NOT NULL column, and of a DELETE that a trigger refuses', async () => {
    await pair.dst.sql(`ALTER TABLE ${table()} ALTER v SET NOT NULL`);
    await pair.src.ownerSql('UPDATE "Order Details" SET v = NULL WHERE id = 3');
    await untilDown(pair);
    expectFinding(await doctor(pair), 'change-refused', {
      ...refused,
      says: [`UPDATE of ${table()} ("id" = 3)`, /it has no value for column "v", which is NOT NULL there/],
    });
    await mend(`ALTER TABLE ${table()} ALTER v DROP NOT NULL`);

    await pair.dst.sql(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'nobody deletes here'; END$$;
       CREATE TRIGGER refuse BEFORE DELETE ON ${table()} FOR EACH ROW EXECUTE FUNCTION refuse();
       ALTER TABLE ${table()} ENABLE ALWAYS TRIGGER refuse`,
    );
    await pair.src.ownerSql('DELETE FROM "Order Details" WHERE id = 4');
    await untilDown(pair);
    const found = await doctor(pair);
    expectFinding(found, 'change-refused', {
      ...refused,
      says: [`DELETE from ${table()} ("id" = 4)`, /nobody deletes here/],
    });
    expectFinding(found, 'trigger-fires', { severity: 'warn', object: table(), says: [/ENABLE ALWAYS/] });
    await mend(`ALTER TABLE ${table()} DISABLE TRIGGER refuse`);
  });
});

describe('belt doctor on tables that differ, before a change meets them', () => {
  const table = () => qualified(pair.schema, 'Order Details');

  it.each([
    [
      'column-missing',
      'fail',
      (t: string) => `ALTER TABLE ${t} RENAME COLUMN owner_note TO note`,
      /lacks columns .*: owner_note of /,
    ],
    [
      'column-not-null',
      'fail',
      (t: string) =>
        `ALTER TABLE ${t} ADD extra int; UPDATE ${t} SET extra = 1; ALTER TABLE ${t} ALTER extra SET NOT NULL`,
      /NOT NULL without a default: extra of /,
    ],
    [
      'column-generated',
      'fail',
      (t: string) => `ALTER TABLE ${t} ADD twice int GENERATED ALWAYS AS (n * 2) STORED`,
      /twice of .* crash its whole server/,
    ],
    ['column-type', 'warn', (t: string) => `ALTER TABLE ${t} ALTER n TYPE bigint`, /n of .* \(integer, there bigint\)/],
    [
      'subscriber-key-missing',
      'fail',
      (t: string) => `ALTER TABLE ${t} DROP CONSTRAINT "Order Details_pkey"`,
      /no primary key or replica identity index on the destination/,
    ],
    [
      'table-missing',
      'fail',
      (t: string) => `ALTER TABLE ${t} RENAME TO elsewhere`,
      /lacks replicated tables of the source: .*"Order Details"/,
    ],
  ] as const)('%s', async (code, severity, breakIt, says) => {
    const own = await pair.dst.connect();
    const found = await doctorWhile(own, breakIt(table()));
    expectFinding(found, code, { severity, direction: 'forward', side: 'dst', fixable: false, says: [says] });
    expect(found.success).toBe(severity !== 'fail');
  });

  /** Breaks the destination, asks, and mends it again: nothing was written meanwhile. */
  async function doctorWhile(client: Awaited<ReturnType<TestPair['dst']['connect']>>, sql: string) {
    const dump = qualified(pair.schema, 'kept');
    // Its set is left alone: the directions are told apart.
    await client.query(`CREATE TABLE ${dump} (LIKE ${table()} INCLUDING ALL)`);
    try {
      await client.query(sql);
      return await doctor(pair);
    } finally {
      await client.query(UNDO.map((one) => one(table(), pair.schema)).join(';'));
      await client.query(`DROP TABLE ${dump}`);
      await client.end();
    }
  }

  const UNDO = [
    (t: string, schema: string) => `ALTER TABLE IF EXISTS ${qualified(schema, 'elsewhere')} RENAME TO "Order Details"`,
    (t: string) => `ALTER TABLE ${t} DROP COLUMN IF EXISTS extra, DROP COLUMN IF EXISTS twice, ALTER n TYPE int`,
    (t: string) =>
      `DO $$BEGIN ALTER TABLE ${t} RENAME COLUMN note TO owner_note; EXCEPTION WHEN undefined_column THEN NULL; END$$`,
    (t: string) =>
      `DO $$BEGIN ALTER TABLE ${t} ADD CONSTRAINT "Order Details_pkey" PRIMARY KEY (id); EXCEPTION WHEN invalid_table_definition THEN NULL; END$$`,
  ];

  it('a key that is gone on the source, and a table that was made after setup', async () => {
    await pair.src.ownerSql(
      'CREATE TABLE "new ""one" (id int PRIMARY KEY); ALTER TABLE other DROP CONSTRAINT other_pkey',
    );
    const found = await doctor(pair);
    await pair.src.ownerSql('ALTER TABLE other ADD PRIMARY KEY (id); DROP TABLE "new ""one"');
    expectFinding(found, 'provider-key-missing', {
      severity: 'fail',
      direction: 'forward',
      side: 'src',
      says: [qualified(pair.schema, 'other'), /lost their primary key/],
    });
    expectFinding(found, 'table-not-replicated', {
      severity: 'warn',
      side: 'src',
      fixable: false,
      says: [qualified(pair.schema, 'new "one'), /replication_set_add_table\('pgbelt'/],
    });
    expect(await doctor(pair)).toMatchObject({ success: true, findings: [] });
    await expectFlow(pair);
  });

  it('row level security that hides rows from the role that copies', async () => {
    const { name } = pglogicalRole(pair);
    await pair.src.sql(`ALTER TABLE ${table()} ENABLE ROW LEVEL SECURITY; ALTER ROLE ${name} NOSUPERUSER`);
    const found = await doctor(pair);
    await pair.src.sql(`ALTER TABLE ${table()} DISABLE ROW LEVEL SECURITY; ALTER ROLE ${name} SUPERUSER`);
    expectFinding(found, 'row-security', { severity: 'warn', side: 'src', object: table(), says: [/BYPASSRLS/] });
  });
});

describe('belt doctor on a direction that does not move', () => {
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
    expect(await doctor(pair, ['--fix'])).toMatchObject({ success: true, findings: [] });
    await expectFlow(pair);
  });

  it('says which process of the initial copy waits for which lock', async () => {
    const third = await testPair({
      srcSql: PATIENT,
      dc: 'dc3',
      dstSql: `
        CREATE TABLE "Order Details" (id int PRIMARY KEY, v text, n int, owner_note text);
        CREATE TABLE other (id int PRIMARY KEY, v text);
        CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN new; END';
        CREATE TRIGGER hold BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION hold();
        ALTER TABLE other ENABLE ALWAYS TRIGGER hold`,
    });
    await holding(third.dst, 'SELECT pg_advisory_lock(77)', async () => {
      expectSuccess(await third.belt(['setup', '--no-schema']));
      await until('the copy waits', async () => {
        const rows = await third.dst.sql(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`,
        );
        return rows.length > 0;
      });
      const found = await doctor(third);
      expect(found.forward_replication).toBe('initializing');
      expectFinding(found, 'waits-for-lock', {
        severity: 'fail',
        side: 'dst',
        says: [/^"pg1_pg2.*" \(pid \d+\) on the destination database .* waits for a lock that pid \d+ .* holds/],
      });
    });
    await waitForStatus(third, 'replicating');

    // The copy also logs in on the destination itself: another password there stops it before it begins.
    await third.dst.sql("ALTER ROLE pglogical PASSWORD 'another'");
    await third.dst.sql("UPDATE pglogical.local_sync_status SET sync_status = 'i' WHERE sync_relname IS NULL");
    await startWorkerAnew(third);
    await waitForStatus(third, 'down');
    const found = await doctor(third);
    await third.dst.sql(`ALTER ROLE pglogical PASSWORD ${literal(third.names.pglogical.pw)}`);
    expectFinding(found, 'role-password', { side: 'dst', says: [/has another password on the destination server/] });
    expectSuccess(await third.belt(['teardown-forward-replication', '--force']));
  });
});

describe('belt doctor on what cannot be mended', () => {
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
    expect(await doctor(pair, ['--fix'])).toMatchObject({ success: true, findings: [] });
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

  it('an initial copy that failed', async () => {
    const failed = await testPair({
      srcSql: PATIENT,
      dc: 'dc4',
      dstSql: `CREATE TABLE "Order Details" (id int PRIMARY KEY, v text, n int, owner_note text);
               CREATE TABLE other (id int PRIMARY KEY, v text CHECK (v IS NOT NULL))`,
    });
    await failed.belt(['setup', '--no-schema']);
    await waitForStatus(failed, 'down');
    const found = await doctor(failed, ['--fix']);
    expectFinding(found, 'copy-failed', {
      severity: 'fail',
      fixable: false,
      says: [/^the initial copy failed and was rolled back/, /run belt reset/],
    });
  });
});
