import { beforeAll, describe, expect, it } from 'vitest';
import { conninfo } from '../../src/postgres/conninfo.js';
import { ident, literal } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { statusFields } from '../../src/results/status.js';
import { waitFields } from '../../src/results/wait.js';
import { copying, TABLES } from '../harness/broken-copy.js';
import { checkedJson, everything, expectSuccess, waitForStatus } from '../harness/commands.js';
import { doctor, expectFinding, failures } from '../harness/doctor.js';
import { expectFailure } from '../harness/expect-failure.js';
import { expectEqual, must } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** What others see and do while belt copies, and after its copy was broken off. */

function deferred() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

async function status(pair: TestPair) {
  const [row] = checkedJson(await pair.belt(['status', '--json']), statusFields, [pair]).results;
  if (row === undefined || !('initial_load' in row)) throw new Error('no row');
  return row;
}

/** All of belt's that is in the two databases. */
async function traces({ src, dst }: TestPair): Promise<unknown[]> {
  const sql = `SELECT 'slot ' || slot_name AS what FROM pg_replication_slots WHERE database = current_database()
    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = 'belt'
    UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin WHERE roname LIKE '%' || left(current_database(), 16) || '%'
    UNION ALL SELECT 'set ' || set_name FROM pglogical.replication_set WHERE set_name ~ 'belt'
    UNION ALL SELECT 'subscription ' || sub_name FROM pglogical.subscription
    UNION ALL SELECT 'node ' || node_name FROM pglogical.node`;
  return [...(await src.sql(sql)), ...(await dst.sql(sql))];
}

let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ hostile: true, srcSql: TABLES });
});

describe("belt's own copy, while it runs", () => {
  let copy: Awaited<ReturnType<typeof copying>>;

  it('is seen table by table, with its speed, its time left, its snapshot and its WAL', async () => {
    copy = await copying(pair);
    const row = await status(pair);
    expect(row).toMatchObject({ success: true, forward_replication: 'initializing', down_reasons: [] });
    const load = row.initial_load;
    expect(load).toMatchObject({ copied_by: 'belt', phase: 'copying', blocked_by: [] });
    expect(load?.started_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Math.abs(Date.now() - Date.parse(load?.started_at ?? ''))).toBeLessThan(120_000);
    expect(load?.snapshot_seconds).toBeGreaterThan(0);
    expect(load?.bytes_per_second).toBeGreaterThan(0);
    expect(load?.seconds_left).toBeGreaterThan(0);
    const [first, second, third] = load?.tables ?? [];
    expect(load?.tables.length).toBe(3);
    expect(first).toMatchObject({ name: 'A first', state: 'done', bytes_done: first?.bytes_total });
    expect(second).toMatchObject({ name: 'B second', state: 'copying' });
    expect(second?.bytes_done).toBeGreaterThan(0);
    expect(second?.bytes_done).toBeLessThan(second?.bytes_total ?? 0);
    expect(third).toMatchObject({ name: 'C third', state: 'waiting', bytes_done: 0 });
    expect(row.progress).toMatch(/^\d+\.\d %$/);
    expect(row.wal_retained_bytes).toBeGreaterThanOrEqual(0);
    const { stdout } = await pair.belt(['status', '--watch', '1'], untilLine(/initial copy/));
    expect(stdout).toMatch(/forward replication: initializing\n[^]*initial copy: \d+\.\d %, .* left$/m);
  });

  it('keeps everybody else out, saying who is at work; the doctor finds nothing wrong', async () => {
    const commands = [
      ['teardown'],
      ['teardown-forward-replication', '--force'],
      ['reset', '--force'],
      ['setup'],
      ['cleanup-previous-config', '--force'],
      ['doctor', '--fix'],
    ] as const;
    const before = await everything(pair);
    const [looked, early, ...runs] = await Promise.all([
      doctor(pair),
      pair.belt(['wait', '--for', 'replicating', '--timeout', '2s']),
      ...commands.map((words) => pair.belt(words)),
    ]);
    for (const run of runs) {
      expectFailure(run, {
        config: pair.config,
        says: [
          /another belt is at work on the (source|destination) database .*: "belt setup \(pid \d+ on \S+\)" from /,
        ],
      });
    }
    expect(looked).toMatchObject({ success: true, forward_replication: 'initializing' });
    expect(failures(looked)).toEqual([]);
    expect(early.stderr).toMatch(/initializing, \d+\.\d % copied \(/);
    expect(early.exitCode).toBe(1);
    expect(await everything(pair)).toEqual(before);
  });

  it('once killed, is down: with how far it came, what its slot keeps, and how to go on', async () => {
    expect((await copy.kill()).signal).toBe('SIGKILL');
    // The server lets go of the lock within moments.
    await waitForStatus(pair, 'down');
    const row = await status(pair);
    const says =
      /^forward: the copy was interrupted after 1 of 3 tables; slot pgl_\S+ on the source keeps [\d.]+ \w+ of WAL for it meanwhile; run belt setup again: it goes on$/;
    expect(row).toMatchObject({ success: false, down_reasons: [expect.stringMatching(says)] });
    expect(row.initial_load).toMatchObject({ phase: 'interrupted', bytes_per_second: null, snapshot_seconds: null });
    expect(row.initial_load?.tables.map(({ state }) => state)).toEqual(['done', 'waiting', 'waiting']);
  });
});

/** Ends a watch once such a line is there. */
function untilLine(matches: RegExp) {
  const { promise, resolve } = deferred();
  return {
    onStdout: (text: string) => {
      if (matches.test(text)) resolve();
    },
    signalOn: { signal: 'SIGINT' as const, when: promise },
  };
}

describe('after a copy was broken off', () => {
  it('nothing passes for a whole copy, and nothing wakes its subscription', { timeout: 120_000 }, async () => {
    const before = await everything(pair);
    const found = await doctor(pair);
    expect(found).toMatchObject({ success: false, forward_replication: 'down' });
    expect(failures(found)).toEqual(['copy-interrupted']);
    expectFinding(found, 'copy-interrupted', {
      fixable: false,
      side: 'dst',
      says: [/after 1 of 3 tables/, /belt setup/],
    });
    expect((await doctor(pair, ['--fix'])).fixed).toEqual([]);

    const [waited, ...refused] = await Promise.all([
      pair.belt(['wait', '--for', 'replicating', '--json']),
      pair.belt(['validate-data']),
      pair.belt(['sync']),
    ]);
    expect(checkedJson(waited, waitFields, [pair]).results).toMatchObject([
      {
        success: false,
        forward_replication: 'down',
        error: { message: expect.stringMatching(/the copy was interrupted after 1 of 3 tables/) as string },
      },
    ]);
    expectFailure(refused[0], { config: pair.config, says: [/initial copy of "shop" is not over/] });
    expectFailure(refused[1], { config: pair.config, says: [/still configured/] });
    const says = /the copy was interrupted after 1 of 3 tables/;
    expectFailure(await pair.belt(['setup-back-replication']), {
      config: pair.config,
      says: [says, /belt setup again/],
    });
    await pair.src.disconnect();
    expectFailure(await pair.belt(['teardown-forward-replication']), { config: pair.config, says: [says, /--force/] });
    expectFailure(await pair.belt(['teardown']), { config: pair.config, says: [says] });
    expectFailure(await pair.belt(['cleanup-previous-config']), {
      config: pair.config,
      says: [/slot pgl_\S+ feeds the destination of this config/],
    });
    expectFailure(await pair.belt(['setup', '--copy', 'pglogical']), {
      config: pair.config,
      says: [/belt itself has begun to copy/, /Leave --copy away/],
    });
    expect(await everything(pair)).toEqual(before);
  });

  it('setup does not go on while back replication is there: rows would go home over newer ones', async () => {
    const { name: user, pw: password } = pair.names.pglogical;
    const { info } = pair.dst.server;
    const { host, port } = info.peer ?? info;
    const dsn = conninfo({ host, port, dbname: pair.names.database, user, password });
    await pair.src.sql(
      `SELECT pglogical.create_subscription('pg2_pg1', ${literal(dsn)}, '{default}', false, false, '{}')`,
    );
    const run = await pair.belt(['setup']);
    expectFailure(run, {
      config: pair.config,
      says: [
        /back replication from the destination database .* is there already \(subscription pg2_pg1\)/,
        /over newer ones/,
      ],
    });
    expectSuccess(await pair.belt(['teardown-back-replication', '--force']));
  });

  it(
    'teardown --force leaves nothing behind; setup begins anew and goes to the end',
    { timeout: 120_000 },
    async () => {
      expectSuccess(await pair.belt(['teardown', '--force']));
      expect(await traces(pair)).toEqual([]);
      // The rows that had come are still there, and nobody knows any more whose they are.
      expectFailure(await pair.belt(['setup']), {
        config: pair.config,
        says: [/has rows already in tables/, /belt reset/],
      });
      await pair.dst.disconnect();
      expectSuccess(await pair.belt(['reset', '--force']));
      await (await copying(pair)).kill();
      await waitForStatus(pair, 'down');
    },
  );

  it('reset goes through, though the destination be as large as the source; the next setup begins anew; resumed, every table is taken over before setup says so; a finished copy leaves nothing behind', async () => {
    await pair.dst.sql(
      `INSERT INTO ${ident(pair.schema)}."C third" SELECT i + 100, repeat('x', 3000) FROM generate_series(1, 2000) i`,
    );
    await pair.dst.disconnect();
    await pair.src.disconnect();
    expectSuccess(await pair.belt(['reset']));
    expect((await traces(pair)).filter((one) => !/node|set belt|set pgbelt/.test(JSON.stringify(one)))).toEqual([]);
    await (await copying(pair)).kill();
    await pair.src.ownerSql(`UPDATE "B second" SET v = 'changed' WHERE id < 100; INSERT INTO "C third" VALUES (60)`);
    const { results } = checkedJson(await must(pair, ['setup', '--json']), detailFields, [pair]);
    expect(results[0]?.steps).toContainEqual(
      expect.objectContaining({ name: 'copy-tables', status: 'ok', message: '4061 rows of 3 tables' }),
    );
    expect(results[0]?.steps.at(-1)).toMatchObject({ name: 'catch-up', status: 'ok', message: 'replicating' });
    expect(await status(pair)).toMatchObject({
      forward_replication: 'replicating',
      initial_load: null,
      progress: 'n/a',
    });
    const states = await pair.dst.sql('SELECT DISTINCT sync_status FROM pglogical.local_sync_status');
    expect(states).toEqual([{ sync_status: 'r' }]);
    await must(pair, ['setup-back-replication']);
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
    await expectEqual(pair);
    await must(pair, ['teardown']);
    expect(await traces(pair)).toEqual([]);
  });
});
