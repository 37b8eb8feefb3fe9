import { beforeAll, describe, expect, it } from 'vitest';
import { replicate, waitForStatus } from '../harness/commands.js';
import { doctor, expectFinding, expectFlow, PATIENT, slotOf, startWorkerAnew, untilDown } from '../harness/doctor.js';
import { until } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Breakages of whole servers: their settings, their processes, their WAL. */
let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ srcSql: PATIENT });
  await replicate(pair);
});

/** Restarts the destination with these settings, and puts them back afterwards. */
async function withSettings(settings: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
  await set(settings);
  try {
    await work();
  } finally {
    await set(Object.fromEntries(Object.keys(settings).map((name) => [name, null])));
  }
}

async function set(settings: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await pair.dst.sql(`ALTER SYSTEM ${value === null ? `RESET ${name}` : `SET ${name} = '${value}'`}`);
  }
  await pair.dst.disconnect();
  await pair.dst.server.restart();
}

describe('belt doctor', () => {
  it('says that a supervisor which somebody ended needs a restart of the server', async () => {
    await pair.dst.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pglogical supervisor'",
    );
    await until('the supervisor is gone', async () => {
      const rows = await pair.dst.sql("SELECT FROM pg_stat_activity WHERE application_name = 'pglogical supervisor'");
      return rows.length === 0;
    });
    expectFinding(await doctor(pair), 'supervisor-missing', {
      severity: 'fail',
      direction: 'forward',
      side: 'dst',
      fixable: false,
      says: [/supervisor does not run on the destination server/, /^Restart the destination server/m],
    });
    await pair.dst.disconnect();
    await pair.dst.server.restart();
    await waitForStatus(pair, 'replicating');
    await expectFlow(pair);
  });

  it('and belt status say that a server does not load pglogical', async () => {
    await withSettings({ shared_preload_libraries: 'pg_stat_statements' }, async () => {
      const found = await doctor(pair, ['--fix']);
      expect(found).toMatchObject({ success: false, forward_replication: 'down', fixed: [] });
      expectFinding(found, 'library-not-loaded', {
        severity: 'fail',
        side: 'dst',
        object: 'shared_preload_libraries',
        fixable: false,
        says: [/the destination server does not load pglogical/],
      });
      const status = await pair.belt(['status']);
      expect(status.exitCode, status.text).toBe(1);
      expect(status.stderr).toMatch(/replication is down: forward: the destination server does not load pglogical/);
    });
    await waitForStatus(pair, 'replicating');
    await expectFlow(pair);
  });

  it('says that all worker processes are in use', async () => {
    // The supervisor and the manager of one database: nothing is left for the apply worker.
    await withSettings({ max_worker_processes: '2', max_logical_replication_workers: '0' }, async () => {
      await until('no worker is left', async () => {
        const found = await doctor(pair);
        const exhausted = found.findings.find(({ code }) => code === 'workers-exhausted');
        if (exhausted === undefined) return false;
        expectFinding(found, 'workers-exhausted', {
          severity: 'fail',
          side: 'dst',
          fixable: false,
          says: [/workers of the destination server do not suffice \(max_worker_processes = 2, \d in use\)/],
        });
        return true;
      });
    });
    await waitForStatus(pair, 'replicating');
    await expectFlow(pair);
  });

  it('shows what the log says of the worker, where it may be read; no password', async () => {
    await withSettings({ logging_collector: 'on' }, async () => {
      await waitForStatus(pair, 'replicating');
      await pair.dst.sql('ALTER TABLE "Shop Data".other ADD CHECK (id < 100000)');
      await pair.src.ownerSql('INSERT INTO other VALUES (100001)');
      await untilDown(pair);
      const found = await doctor(pair);
      expectFinding(found, 'log-says', {
        severity: 'note',
        side: 'dst',
        says: [
          /the log of the destination server says of the worker: .*ERROR: {2}new row for relation "other" violates check/,
        ],
      });
      expect(found.run.text).not.toContain('Failing row');
      await pair.dst.sql('ALTER TABLE "Shop Data".other DROP CONSTRAINT other_id_check');
      // The log quotes the connection string with its password when a connection fails.
      await pair.dst.sql(`UPDATE pglogical.node_interface SET if_dsn = replace(if_dsn, 'port=', 'port=1 user=')
                           WHERE if_id = (SELECT sub_origin_if FROM pglogical.subscription)`);
      await startWorkerAnew(pair);
      await untilDown(pair);
      await doctor(pair);
      expect(await doctor(pair, ['--fix'])).toMatchObject({ success: true });
      const [file] = await pair.dst.sql<{ log: string }>('SELECT pg_read_file(pg_current_logfile()) AS log');
      // The server's own worker writes it, belt's attempts do not.
      const lines = file?.log.split('\n').filter((line) => line.includes(pair.names.pglogical.pw)) ?? [];
      expect(lines.filter((line) => !line.includes('dsn was:'))).toEqual([]);
    });
    await waitForStatus(pair, 'replicating');
    await expectFlow(pair);
  });

  it('warns of a slot that is about to lose its WAL, and says when it has', async () => {
    await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
    await untilDown(pair);
    const { name } = await slotOf(pair);
    await pair.src.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'");
    await pair.src.sql('SELECT pg_reload_conf()');
    try {
      for (let segments = 0; segments < 4; segments++) {
        await pair.src.sql("SELECT pg_logical_emit_message(true, 'test', 'x')");
        await pair.src.sql('SELECT pg_switch_wal()');
      }
      expectFinding(await doctor(pair), 'slot-near-limit', {
        severity: 'warn',
        side: 'src',
        object: name,
        says: [/keeps .* of WAL .* and is lost after .* more \(max_slot_wal_keep_size = 16MB\)/],
      });
      await pair.src.sql('CHECKPOINT');
      const found = await doctor(pair, ['--fix']);
      expectFinding(found, 'slot-lost', {
        severity: 'fail',
        side: 'src',
        fixable: false,
        says: [/lost the WAL it needs \(max_slot_wal_keep_size\)/, /copy must be made anew/],
      });
      expect(found).toMatchObject({ success: false, forward_replication: 'down' });
    } finally {
      await pair.src.sql('ALTER SYSTEM RESET max_slot_wal_keep_size');
      await pair.src.sql('SELECT pg_reload_conf()');
    }
  });
});
