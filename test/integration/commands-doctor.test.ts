import { beforeAll, describe, expect, it } from 'vitest';
import { qualified } from '../../src/postgres/quote.js';
import { everything, expectSuccess, replicate, waitForStatus } from '../harness/commands.js';
import {
  doctor,
  expectFinding,
  expectFlow,
  expectMended,
  failures,
  PATIENT,
  pglogicalRole,
  startWorkerAnew,
  untilDown,
} from '../harness/doctor.js';
import { expectFailure } from '../harness/expect-failure.js';
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
    const [looked, refused] = await Promise.all([pair.belt(['doctor']), pair.belt(['doctor', '--fix'])]);
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
    const { fixed } = await expectMended(pair, { forward_replication: 'replicating' });
    expect(fixed).toEqual(['subscription-disabled']);
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
    await expectMended(pair, { forward_replication: 'replicating' });
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
    await expectMended(pair, { forward_replication: 'replicating' });
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
    const { fixed } = await expectMended(pair, { forward_replication: 'replicating' });
    expect(fixed).toEqual(['dsn-outdated']);
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
    await expectMended(pair);
    await expectFlow(pair);
  });

  it('nothing about a role that another database uses', async () => {
    const own = { name: 'pgl second', pw: 'of the second' };
    const second = await testPair({
      srcSql: PATIENT,
      dc: 'dc2',
      config: (config) => {
        for (const side of [config.src, config.dst]) if (side !== null) side.pglogical_user = own;
      },
    });
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

describe('belt doctor on tables that differ, before a change meets them', () => {
  const table = () => qualified(pair.schema, 'Order Details');

  beforeAll(async () => {
    // What is broken on the destination shall not come home.
    await pair.dst.disconnect();
    expectSuccess(await pair.belt(['teardown-back-replication']));
  });

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
