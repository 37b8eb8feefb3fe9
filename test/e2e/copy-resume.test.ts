import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectSuccess } from '../harness/commands.js';
import { peekCall } from '../../src/pglogical/peek.js';
import { copying, TABLES } from '../harness/broken-copy.js';
import { testServers } from '../harness/servers.js';
import { expectEqual, holding, must, until } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** A copy that was broken off is gone on with: tables of two snapshots are brought to one point. */

let pair: TestPair;

/** Breaks a copy off in its second table, after changes of two kinds: of a table that is whole, of one that is not. */
async function brokenOff(): Promise<void> {
  const { kill } = await copying(pair);
  // The first transaction after the snapshot, and what must not be undone by it.
  await pair.src.ownerSql(`UPDATE "B second" SET v = 'first' WHERE id < 10`);
  await pair.src.ownerSql(`UPDATE "B second" SET v = 'second' WHERE id < 10; DELETE FROM "B second" WHERE id = 11`);
  await pair.src.ownerSql(`UPDATE "A first" SET v = 'changed' WHERE id = 1; DELETE FROM "A first" WHERE id = 2`);
  await kill();
}

/** Whether the tables were copied from one snapshot: the first, the second and the third. */
async function snapshots(): Promise<string[]> {
  const rows = await pair.dst.sql<{ lsn: string }>('SELECT lsn::text FROM belt.copy_table ORDER BY table_name');
  return rows.map(({ lsn }) => lsn);
}

function phase(): Promise<{ phase: string }[]> {
  return pair.dst.sql<{ phase: string }>('SELECT phase FROM belt.copy_run');
}

async function expectDone(): Promise<void> {
  expect(await phase()).toEqual([{ phase: 'done' }]);
  const states = await pair.dst.sql('SELECT DISTINCT sync_status FROM pglogical.local_sync_status');
  expect(states).toEqual([{ sync_status: 'r' }]);
  await pair.src.ownerSql('DELETE FROM "A first" WHERE id > 5');
  const [last] = await pair.src.ownerSql<{ id: number }>(
    `INSERT INTO "B second" SELECT 1 + max(id), 'later' FROM "B second" RETURNING id`,
  );
  await until('what came later has arrived', async () => {
    const rows = await pair.dst.ownerSql('SELECT FROM "B second" WHERE id = $1', [last?.id]);
    return rows.length === 1;
  });
  await expectEqual(pair, { exceptRowsOf: ['keyless'] });
}

/** What the slot sends first: pglogical's worker does not yet leave out changes of it that a table has. */
async function firstTransaction(): Promise<string> {
  const client = await pair.src.connect();
  try {
    // Newer minor versions want the plugin listed.
    await client.query(
      "SELECT set_config(name, 'pglogical_output', false) FROM pg_settings WHERE name = 'output_plugin_libraries'",
    );
    const { rows } = await client.query<{ data: string }>(
      `SELECT data FROM pg_replication_slots, ${peekCall(1).replace('$1', 'slot_name')} WHERE database = current_database()`.replace(
        '$2',
        "'pgbelt'",
      ),
    );
    expect(rows.length).toBeGreaterThan(0);
    return rows.map(({ data }) => data).join('\n');
  } finally {
    await client.end();
  }
}

/** What pglogical has to wait for while it brings the tables to one point. */
const LOCK = 'LOCK TABLE "Shop Data"."A first" IN SHARE MODE';

function untilJoining(): Promise<void> {
  return until('the tables are brought to one point', async () => {
    const rows = await pair.dst.sql(
      `SELECT FROM belt.copy_run, pg_stat_activity, pglogical.local_sync_status
        WHERE phase = 'joining' AND application_name LIKE 'pglogical apply%' AND wait_event_type = 'Lock' AND datname = current_database()
          AND sync_relname IS NULL AND sync_status = 'd'`,
    );
    return rows.length > 0;
  });
}

beforeAll(async () => {
  pair = await testPair({ srcSql: TABLES });
});

describe('a copy that was broken off', { timeout: 180_000 }, () => {
  it('keeps the tables that are whole, and hands over exactly', async () => {
    await brokenOff();
    const [before] = await snapshots();
    expect(await firstTransaction()).not.toMatch(/"action":"[IUD]"/);
    const run = await must(pair, ['setup']);
    expect(run.stderr).not.toMatch(/copied anew/);
    const [first, second, third] = await snapshots();
    expect(first).toBe(before);
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    await expectDone();
  });

  it('is gone on with after a kill in the middle of its hand-over', async () => {
    expectSuccess(await pair.belt(['reset', '--force']));
    await brokenOff();
    const [before] = await snapshots();
    await brokenOffAgain();
    await must(pair, ['setup']);
    expect((await snapshots())[0]).toBe(before);
    await expectDone();
  });

  it('begins anew when replication breaks off before all tables are at one point', async () => {
    expectSuccess(await pair.belt(['reset', '--force']));
    await brokenOff();
    const [before] = await snapshots();
    const servers = await testServers();
    const client = await pair.dst.connect();
    client.on('error', () => undefined);
    await client.query(`BEGIN; ${LOCK}`);
    const [run] = await Promise.all([
      must(pair, ['setup']),
      untilJoining().then(async () => {
        // What was applied before the lock is on disk by then.
        await pause(1_000);
        await pair.dst.disconnect();
        await servers.dst.kill();
        await servers.dst.start();
      }),
    ]);
    expect(run.stderr).toMatch(/copied anew/);
    const after = await snapshots();
    expect(new Set(after).size).toBe(1);
    expect(after[0]).not.toBe(before);
    await expectDone();
  });
});

/** Kills a setup while it brings the tables to one point. */
async function brokenOffAgain(): Promise<void> {
  let resolve = (): void => undefined;
  const killOn = new Promise<void>((done) => (resolve = done));
  const run = pair.belt(['setup'], { killOn });
  await holding(pair.dst, LOCK, async () => {
    await untilJoining();
    resolve();
    expect((await run).signal).toBe('SIGKILL');
  });
}
