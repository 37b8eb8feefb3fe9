import { expect, it } from 'vitest';
import { ident, literal } from '../../src/postgres/quote.js';
import { awkwardSchema, TABLES } from '../harness/awkward.js';
import {
  expectEqual,
  expectNoReplication,
  filesOf,
  holding,
  must,
  mustFail,
  until,
  untilBlocked,
  untilReplicating,
  type Json,
  type JsonRow,
} from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Milliseconds from Ctrl-C to the end. */
const PATIENCE_MS = 3_000;

const table = (pair: TestPair, name: string): string => `${ident(pair.schema)}.${ident(name)}`;

function failedStep({ steps }: JsonRow): string | undefined {
  return steps.find(({ status }) => status === 'failed')?.name;
}

it(
  'says which step failed, where, on what and why; mended, the same command completes',
  { timeout: 120_000 },
  async () => {
    const pair = await testPair({
      srcSql: (names) =>
        `${awkwardSchema(names)} CREATE TABLE "Needs It" (id int PRIMARY KEY, n int DEFAULT "Else'where".f());
       ALTER TABLE "x'; DROP TABLE y; --" ADD CONSTRAINT "needs ""unique""" FOREIGN KEY (words) REFERENCES "select" ("The Mark") NOT VALID;`,
      beforeSql: `CREATE SCHEMA "Else'where"; GRANT USAGE ON SCHEMA "Else'where" TO PUBLIC;
                CREATE FUNCTION "Else'where".f() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    });
    await pair.src.disconnect();

    // What the schema needs and does not bring: found before anything is changed.
    const unfit = await mustFail(pair, ['setup']);
    expect(failedStep(unfit)).toBe('check-requirements');
    expect(unfit.error).toMatchObject({ detail: { acceptable: ['outside-object-missing'] } });
    expect(unfit.error?.message).toContain(`"Else'where".f()`);
    // Schema that does not load.
    const load = await mustFail(pair, ['setup', '--accept', 'outside-object-missing']);
    expect(failedStep(load)).toBe('load-schema');
    expect(load.error).toMatchObject({ detail: { side: 'dst', step: 'load-schema' } });
    expect(load.error?.detail?.['object']).toContain('Needs It');
    expect(load.error?.message).toContain(`schema "Else'where" does not exist`);
    expect(await pair.dst.sql(`SELECT FROM pg_tables WHERE schemaname = $1`, [pair.schema])).toEqual([]);
    await pair.dst.sql(`CREATE SCHEMA "Else'where"; GRANT USAGE ON SCHEMA "Else'where" TO PUBLIC;
                      CREATE FUNCTION "Else'where".f() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    await must(pair, ['setup']);
    await untilReplicating(pair.dst, 'pg1_pg2');
    await must(pair, ['teardown-forward-replication']);

    // A server that goes away, each side once, while a table is copied.
    for (const side of ['dst', 'src'] as const) {
      const { server } = pair[side];
      const lock = `LOCK TABLE ${table(pair, TABLES.injected)} IN ACCESS EXCLUSIVE MODE`;
      const lost = await holding(pair[side], side === 'dst' ? lock.replace('ACCESS ', '') : lock, async () => {
        const sync = mustFail(pair, ['sync']);
        await untilBlocked(pair[side], 'belt sync %');
        await pair[side].disconnect();
        await server.kill();
        return sync;
      });
      await server.start();
      // What is compared meanwhile loses its connections as well.
      const failed = lost.steps.filter(({ status }) => status === 'failed').map(({ name }) => name);
      expect(failed).toContain('sync-tables');
      expect(lost.error).toMatchObject({ error_type: 'ConnectionError', detail: { side, step: 'sync-tables' } });
      expect(lost.error?.message).toContain(side === 'dst' ? 'destination database' : 'source database');
    }

    // A NOT VALID constraint that cannot be added.
    await pair.dst.ownerSql(`ALTER TABLE "select" DROP CONSTRAINT "select_The Mark_key" CASCADE`);
    const constraint = await mustFail(pair, ['sync']);
    expect(failedStep(constraint)).toBe('add-constraints');
    expect(constraint.error).toMatchObject({
      error_type: 'QueryError',
      detail: { side: 'dst', step: 'add-constraints', constraint: 'needs "unique"', sqlstate: '42830' },
    });
    expect(constraint.error?.message).toContain('there is no unique constraint matching given keys');
    expect(constraint.error?.message).toContain(TABLES.injected);
    await pair.dst.ownerSql(
      `ALTER TABLE "select" ADD CONSTRAINT "select_The Mark_key" UNIQUE ("The Mark");
     ALTER TABLE "Order Details" ADD CONSTRAINT "Order Details_by mark_fkey" FOREIGN KEY ("by mark") REFERENCES "select" ("The Mark")`,
    );
    await must(pair, ['sync']);
    await expectEqual(pair);
    await expectNoReplication(pair);
  },
);

it('ends soon after Ctrl-C, and the same command then completes', { timeout: 120_000 }, async () => {
  const pair = await testPair({ srcSql: awkwardSchema });
  await pair.src.disconnect();
  const interrupt = async (command: string, application: string): Promise<void> => {
    let sent = 0;
    const when = untilBlocked(pair.dst, application).then(() => (sent = performance.now()));
    const run = await pair.belt([command, '--json'], { signalOn: { signal: 'SIGINT', when } });
    expect(performance.now() - sent, run.text).toBeLessThan(PATIENCE_MS);
    expect(run.exitCode, run.text).toBe(130);
    expect(run.json<Json>().results).toMatchObject([{ success: false, error: { error_type: 'InterruptedError' } }]);
    expect(run.stderr).not.toMatch(/^\s+at /m);
  };

  // While pg_restore loads the schema.
  await holding(pair.dst, 'LOCK TABLE pg_catalog.pg_enum IN EXCLUSIVE MODE', () =>
    interrupt('setup', 'belt pg_restore'),
  );
  await must(pair, ['setup']);
  await untilReplicating(pair.dst, 'pg1_pg2');
  await must(pair, ['teardown-forward-replication']);
  // While a table is copied, while a constraint is added, and while an index is built.
  for (const lock of [
    `LOCK TABLE ${table(pair, TABLES.injected)} IN EXCLUSIVE MODE`,
    `LOCK TABLE ${table(pair, TABLES.quoted)} IN ROW EXCLUSIVE MODE`,
  ]) {
    await holding(pair.dst, lock, () => interrupt('sync', 'belt sync %'));
  }
  await must(pair, ['sync']);
  await expectEqual(pair);
});

it('says why replication is down, and goes on when that is mended', { timeout: 120_000 }, async () => {
  const pair = await testPair({ srcSql: awkwardSchema });
  await pair.src.disconnect();
  await must(pair, ['setup']);
  await untilReplicating(pair.dst, 'pg1_pg2');
  await pair.dst.sql(`ALTER TABLE ${table(pair, 'y')} RENAME COLUMN x TO z`);
  await pair.src.sql(`INSERT INTO ${table(pair, 'y')} VALUES (md5('new')::uuid, 1)`);
  let status: JsonRow | undefined;
  await until('status sees it', async () => {
    const run = await pair.belt(['status', '--json']);
    [status] = run.json<Json>().results;
    return run.exitCode === 1;
  });
  expect(status).toMatchObject({ success: false, forward_replication: 'down' });
  expect(status?.error?.message).toContain('pg1_pg2');
  const refused = await mustFail(pair, ['setup-back-replication']);
  expect(failedStep(refused)).toBe('check-forward-replication');
  const teardown = await mustFail(pair, ['teardown-forward-replication', '--wait', '2']);
  expect(failedStep(teardown)).toBe('check-applied');
  await pair.dst.sql(`ALTER TABLE ${table(pair, 'y')} RENAME COLUMN z TO x`);
  await must(pair, ['teardown-forward-replication']);
  await must(pair, ['sync']);
  await expectEqual(pair);
});

it('shows no password when a server cannot be reached from the other one', { timeout: 60_000 }, async () => {
  const pair = await testPair({ hostile: true, srcSql: awkwardSchema });
  await pair.src.disconnect();
  if (pair.config.src !== null) pair.config.src.peer_port = 1;
  await pair.writeConfig();
  const failed = await mustFail(pair, ['setup']);
  expect(failedStep(failed)).toBe('prepare-subscription');
  // PostgreSQL's own words come with the connection string.
  expect(failed.error?.message).toContain('port 1 failed: Connection refused');
  const { pw } = pair.names.pglogical;
  const text = JSON.stringify(failed) + (await filesOf(pair.dir));
  for (const part of [pw, literal(pw), pw.replace(/^.*["'\\]/, ''), pw.slice(0, 4)]) expect(text).not.toContain(part);
  delete pair.config.src?.peer_port;
  await pair.writeConfig();
  await must(pair, ['setup']);
});
