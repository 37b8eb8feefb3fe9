import { beforeAll, describe, expect, it } from 'vitest';
import { literal, qualified } from '../../src/postgres/quote.js';
import { everything, expectSuccess, replicate, waitForStatus } from '../harness/commands.js';
import { doctor, expectFinding, expectMended, failures, PATIENT, pglogicalRole } from '../harness/doctor.js';
import { holding, until, untilBlocked } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/**
 * Breakages of the way back: the destination provides, the source subscribes. Where the destination is newer than the
 * source's pglogical knows, its slot is one that belt has made.
 */
let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ hostile: true, srcSql: PATIENT });
  await replicate(pair, 'both');
  await waitForStatus(pair, 'replicating', 'replicating');
});

const table = () => qualified(pair.schema, 'Order Details');

async function slot(): Promise<{ name: string; active: boolean }> {
  const [row] = await pair.dst.sql<{ name: string; active: boolean }>(
    'SELECT slot_name::text AS name, active FROM pg_replication_slots WHERE database = current_database()',
  );
  if (row === undefined) throw new Error('no slot');
  return row;
}

function untilDown(): Promise<void> {
  return until('back replication is down', async () => !(await slot()).active);
}

async function disable(): Promise<void> {
  await pair.src.sql("SELECT pglogical.alter_subscription_disable('pg2_pg1', true)");
  await untilDown();
}

async function startWorkerAnew(): Promise<void> {
  await disable();
  await pair.src.sql("SELECT pglogical.alter_subscription_enable('pg2_pg1', true)");
}

let next = 1000;

/** Expects that a row inserted on the destination arrives on the source. */
async function expectFlow(): Promise<void> {
  const id = ++next;
  await pair.dst.ownerSql('INSERT INTO other VALUES ($1)', [id]);
  await until(`row ${String(id)} arrives`, async () => {
    return (await pair.src.ownerSql('SELECT FROM other WHERE id = $1', [id])).length > 0;
  });
}

/** Expects belt doctor --fix to leave both directions in good health. Gives what it has mended. */
async function mend(): Promise<string[]> {
  const { fixed } = await expectMended(pair, { back_replication: 'replicating', forward_replication: 'replicating' });
  await expectFlow();
  return fixed;
}

/** Runs the statements of a remedy as they stand, on the side it names. */
async function follow(remedy: string, side: 'src' | 'dst'): Promise<void> {
  for (const statement of remedy.slice(remedy.indexOf('SELECT')).split('; ')) await pair[side].sql(statement);
}

describe('belt doctor mends back replication', () => {
  it('that somebody disabled', async () => {
    await disable();
    const found = await doctor(pair);
    expect(found).toMatchObject({ back_replication: 'down', forward_replication: 'replicating' });
    expect(failures(found)).toEqual(['subscription-disabled']);
    const { remedy } = expectFinding(found, 'subscription-disabled', {
      severity: 'fail',
      direction: 'back',
      side: 'src',
      object: 'pg2_pg1',
      fixable: true,
      says: [/Enable it on the source database/],
    });
    const before = await everything(pair);
    await doctor(pair, ['--fix', '--dry-run']);
    expect(await everything(pair)).toEqual(before);
    expect(await mend()).toEqual(['subscription-disabled']);
    await disable();
    await follow(remedy, 'src');
    await waitForStatus(pair, 'replicating', 'replicating');
  });

  it('whose role has another password on the destination', async () => {
    await pair.dst.sql(`ALTER ROLE ${pglogicalRole(pair).name} PASSWORD 'another'`);
    await startWorkerAnew();
    await untilDown();
    const found = await doctor(pair);
    expect(failures(found)).toEqual(['role-password', 'connection-failed']);
    expectFinding(found, 'role-password', { direction: 'back', side: 'dst', fixable: true });
    expectFinding(found, 'connection-failed', {
      direction: 'back',
      side: 'src',
      says: [/^the source server cannot connect to the destination server: .*password authentication failed/],
    });
    expect(await mend()).toEqual(['role-password', 'connection-failed']);
  });

  it('whose role may not log in or replicate any more, or lost its leave to use the output plugin', async () => {
    const { name } = pglogicalRole(pair);
    await pair.dst.sql(`ALTER ROLE ${name} NOLOGIN NOREPLICATION NOSUPERUSER; ALTER ROLE ${name} RESET ALL`);
    const [setting] = await pair.dst.sql<{ it: string | null }>(
      "SELECT current_setting('output_plugin_libraries', true) AS it",
    );
    const listed = setting?.it?.includes('pglogical_output') ?? true;
    await startWorkerAnew();
    await untilDown();
    const found = await doctor(pair);
    expectFinding(found, 'role-no-login', { direction: 'back', side: 'dst', fixable: true });
    expectFinding(found, 'role-privileges', { direction: 'back', side: 'dst', fixable: true });
    if (!listed) expectFinding(found, 'output-plugin-refused', { direction: 'back', side: 'dst', fixable: true });
    await mend();
  });

  it('that connects by settings which are not the config’s any more', async () => {
    await pair.src.sql(
      `UPDATE pglogical.node_interface SET if_dsn = regexp_replace(if_dsn, 'port=\\d+', 'port=1')
        WHERE if_id = (SELECT sub_origin_if FROM pglogical.subscription WHERE sub_name = 'pg2_pg1')`,
    );
    await startWorkerAnew();
    await untilDown();
    const found = await doctor(pair);
    expectFinding(found, 'dsn-outdated', {
      direction: 'back',
      side: 'src',
      fixable: true,
      says: [/connects to the destination server by settings .*\(port 1 instead of \d+\): .*Connection refused/],
    });
    expect(await mend()).toEqual(['dsn-outdated']);
  });

  it('whose next change the source refuses, when that is mended there', async () => {
    await pair.src.ownerSql('ALTER TABLE "Order Details" ADD CONSTRAINT small CHECK (n < 1000)');
    // More from the source than is looked at: what came from there does not go back.
    for (let n = 0; n < 120; n++) await pair.src.ownerSql('UPDATE "Order Details" SET n = n WHERE id = 1');
    await pair.dst.ownerSql('INSERT INTO "Order Details" VALUES (50, $1, -50)', ['fine']);
    await pair.dst.ownerSql('UPDATE "Order Details" SET v = $1, n = 5000 WHERE id = 2', ['confidential']);
    await untilDown();
    const before = await everything(pair);
    const found = await doctor(pair);
    expect(failures(found)).toEqual(['change-refused']);
    expectFinding(found, 'change-refused', {
      direction: 'back',
      side: 'src',
      object: table(),
      says: [
        `the next change, UPDATE of ${table()} ("id" = 2), is refused by the source database`,
        /it breaks check constraint "small"/,
        /on the source/,
      ],
    });
    expect(found.run.text).not.toContain('confidential');
    expect(await everything(pair)).toEqual(before);
    await pair.src.ownerSql('ALTER TABLE "Order Details" DROP CONSTRAINT small');
    await mend();
    expect(await pair.src.ownerSql('SELECT n FROM "Order Details" WHERE id IN (2, 50) ORDER BY id')).toEqual([
      { n: 5000 },
      { n: -50 },
    ]);
  });
});

describe('belt doctor says how to mend back replication', () => {
  it('that waits for a lock on the source', async () => {
    await holding(pair.src, `LOCK TABLE ${qualified(pair.schema, 'other')} IN SHARE MODE`, async () => {
      await pair.dst.ownerSql('INSERT INTO other VALUES (900)');
      await untilBlocked(pair.src, 'pglogical apply %');
      expectFinding(await doctor(pair), 'waits-for-lock', {
        severity: 'fail',
        direction: 'back',
        side: 'src',
        says: [/the apply worker on the source database .* waits for a lock on .* that pid \d+/],
      });
    });
    await mend();
  });

  it('of a table made after setup: no rows are copied home', async () => {
    const create = 'CREATE TABLE "new ""one" (id int PRIMARY KEY)';
    await pair.src.ownerSql(create);
    await pair.dst.ownerSql(create);
    const found = await doctor(pair);
    const ways = found.findings.filter(({ code }) => code === 'table-not-replicated');
    expect(ways.map(({ direction, side }) => [direction, side])).toEqual([
      ['forward', 'src'],
      ['back', 'dst'],
    ]);
    expect(ways[1]?.remedy).not.toContain('synchronize_data');
    expect(ways[1]?.remedy).toContain('belt setup-back-replication');
    expectSuccess(await pair.belt(['setup-back-replication']));
    const after = await doctor(pair);
    expect(after.findings.map(({ code, direction }) => [code, direction])).toEqual([
      ['table-not-replicated', 'forward'],
    ]);
    await pair.dst.ownerSql('INSERT INTO "new ""one" VALUES (1)');
    await until('the row arrives', async () => (await pair.src.ownerSql('SELECT FROM "new ""one"')).length > 0);
    for (const side of [pair.dst, pair.src]) await side.ownerSql('DROP TABLE "new ""one" CASCADE');
    await mend();
  });

  it('whose origin is gone from the source', async () => {
    await disable();
    const { name } = await slot();
    await until('the origin is free', () =>
      pair.src.sql(`SELECT pg_replication_origin_drop(${literal(name)})`).then(
        () => true,
        () => false,
      ),
    );
    const { remedy } = expectFinding(await doctor(pair), 'origin-gone', {
      direction: 'back',
      side: 'src',
      object: name,
      fixable: false,
    });
    await follow(remedy, 'src');
    await mend();
  });

  it('whose slot is gone from the destination', async () => {
    await disable();
    await pair.dst.sql('SELECT pg_drop_replication_slot($1)', [(await slot()).name]);
    const found = await doctor(pair, ['--fix']);
    // That pglogical on the source cannot make a slot on a newer server is no cause: belt makes this one.
    expect(failures(found)).toEqual(['slot-gone']);
    expectFinding(found, 'slot-gone', {
      direction: 'back',
      side: 'dst',
      fixable: false,
      says: [/belt teardown-back-replication --force/, /belt setup-back-replication/],
    });
    expectSuccess(await pair.belt(['teardown-back-replication', '--force']));
    expectSuccess(await pair.belt(['setup-back-replication']));
    await mend();
  });

  it('that another tool made, where pglogical on the source cannot make its slot', async () => {
    const [known] = await pair.src.sql<{ dsn: string; version: string }>(
      `SELECT if_dsn AS dsn, extversion AS version FROM pg_extension, pglogical.subscription JOIN pglogical.node_interface ON if_id = sub_origin_if
        WHERE sub_name = 'pg2_pg1' AND extname = 'pglogical'`,
    );
    const fits = pair.dst.server.info.major < 17 || !['2.4.2', '2.4.3', '2.4.4'].includes(known?.version ?? '');
    expectSuccess(await pair.belt(['teardown-back-replication']));
    await pair.src.sql(
      `SELECT pglogical.create_subscription(subscription_name := 'pg2_pg1', provider_dsn := $1, replication_sets := '{pgbelt}',
                synchronize_structure := false, synchronize_data := false, forward_origins := '{}')`,
      [known?.dsn],
    );
    if (!fits) {
      await waitForStatus(pair, 'replicating', 'down');
      const found = await doctor(pair, ['--fix']);
      expect(failures(found)).toEqual(['pglogical-too-old']);
      expectFinding(found, 'pglogical-too-old', {
        direction: 'back',
        side: 'src',
        says: [/cannot make a slot on PostgreSQL 17/, /belt teardown-back-replication --force/],
      });
      expectSuccess(await pair.belt(['teardown-back-replication', '--force']));
      expectSuccess(await pair.belt(['setup-back-replication']));
    }
    await waitForStatus(pair, 'replicating', 'replicating');
    await mend();
  });
});

describe('belt doctor after the cutover', () => {
  it('finds nothing where only the way back is left, and mends that', async () => {
    // The test's own sessions could write.
    await pair.src.disconnect();
    expectSuccess(await pair.belt(['teardown-forward-replication']));
    const ways = { forward_replication: 'unconfigured', back_replication: 'replicating' } as const;
    expect(await doctor(pair)).toMatchObject({ success: true, findings: [], ...ways });
    await pair.dst.sql(`ALTER ROLE ${pglogicalRole(pair).name} PASSWORD 'another'`);
    await startWorkerAnew();
    await untilDown();
    expect(failures(await doctor(pair))).toEqual(['role-password', 'connection-failed']);
    expect((await expectMended(pair, ways)).fixed).toEqual(['role-password', 'connection-failed']);
    await expectFlow();
  });
});
