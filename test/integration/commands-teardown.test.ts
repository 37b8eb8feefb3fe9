import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { APPLICATION, leftovers, ownRole } from '../harness/leftovers.js';
import { testPair, type PairOptions, type TestDatabase, type TestPair } from '../harness/pair.js';

const COMMAND = 'teardown';

const both = ({ src, dst }: TestPair): TestDatabase[] => [src, dst];

describe('belt teardown', () => {
  let pair: TestPair;
  let hostile: TestPair;
  let before: Awaited<ReturnType<typeof everything>>;

  beforeAll(async () => {
    pair = await testPair({ srcSql: APPLICATION, names: { pglogical: ownRole() } });
    hostile = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: APPLICATION });
    before = await everything(hostile);
  });

  it('has nothing to do where nothing was set up', async () => {
    const { results } = checkedJson(await pair.belt([COMMAND, '--full', '--json']), detailFields, [pair]);
    expect(results[0]?.steps.filter(({ status, name }) => status !== 'skipped' && !name.startsWith('check-'))).toEqual(
      [],
    );
  });

  it(
    'is refused while changes are not applied, with the figure; --dry-run changes nothing',
    { timeout: 120_000 },
    async () => {
      await Promise.all([replicate(pair, 'both'), replicate(hostile, 'both')]);
      const holder = await pair.src.connect();
      await holder.query('BEGIN; LOCK TABLE "Shop Data"."Order Details" IN SHARE MODE');
      await pair.dst.sql(`INSERT INTO "Shop Data"."Order Details" (id, v, n) VALUES (5001, 'after the cutover', 1)`);
      const run = await pair.belt([COMMAND, '--wait', '1']);
      await holder.query('ROLLBACK');
      await holder.end();
      expectFailure(run, {
        config: pair.config,
        says: [
          /source database .* has not applied all that the destination database .* has committed: \d[\d.]* (bytes|kB) of WAL not confirmed/,
        ],
      });
      await waitForStatus(pair, 'replicating', 'replicating');

      const now = await everything(pair);
      const { results } = checkedJson(await pair.belt([COMMAND, '--full', '--dry-run', '--json']), detailFields, [
        pair,
      ]);
      for (const name of ['drop-subscription-forward', 'drop-triggers-src', 'drop-node-dst', 'drop-extension-src']) {
        expect(results[0]?.steps.find((step) => step.name === name)?.status, name).toBe('planned');
      }
      expect(await everything(pair)).toEqual(now);
    },
  );

  it('leaves the extension, closed to all but superusers, and the application is free; setup works again', async () => {
    const { results } = checkedJson(await pair.belt([COMMAND, '--json']), detailFields, [pair]);
    expect(results).toMatchObject([{ success: true, detail: { full: false, not_reached: [] } }]);
    for (const side of both(pair)) {
      expect(await leftovers(side)).toEqual(['schema pglogical', 'extension pglogical']);
      const app = await side.connect(pair.names.app);
      await app.query('CREATE TEMP TABLE passing (id int); TRUNCATE passing; DROP TABLE passing');
      await app.query('BEGIN; TRUNCATE "Shop Data"."Order Details"; ROLLBACK');
      await expect(app.query("SELECT pglogical.create_node('x', 'host=x')")).rejects.toThrow(/permission denied/);
      await app.end();
      expect(await side.sql('SELECT FROM "Shop Data"."Order Details"')).toHaveLength(21);
    }
    await pair.dst.sql('TRUNCATE "Shop Data"."Order Details"');
    expectSuccess(await pair.belt(['setup']));
    await waitForStatus(pair, 'replicating');
    expect(await pair.dst.sql('SELECT FROM "Shop Data"."Order Details"')).toHaveLength(21);
  });

  it('names who holds a table instead of waiting for ever, and goes on when it is free', async () => {
    const reader = await pair.src.connect(pair.names.app);
    await reader.query('BEGIN; SELECT FROM "Shop Data"."Order Details"');
    const { rows } = await reader.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = rows[0]?.pid ?? 0;
    const run = await pair.belt([COMMAND, '--full']);
    await reader.query('ROLLBACK');
    await reader.end();
    expectFailure(run, {
      config: pair.config,
      says: [
        new RegExp(
          `dropping pglogical's triggers in the source database .* needs locks that others hold: pid ${String(pid)} \\(${pair.names.app.name}, idle in transaction for \\d+ s\\) \\[step drop-triggers-src\\]`,
        ),
        new RegExp(`pg_terminate_backend\\(${String(pid)}\\)`),
      ],
    });
    expect(run.durationMs).toBeLessThan(60_000);
    expectSuccess(await pair.belt([COMMAND, '--full']));
    for (const side of both(pair)) expect(await leftovers(side)).toEqual([]);
  });

  it('--full leaves nothing behind, whatever the names, and the application its objects and grants', async () => {
    await hostile.src.sql('CREATE EXTENSION dblink; CREATE SCHEMA later');
    await hostile.src.sql('DROP SCHEMA later');
    expectSuccess(await hostile.belt([COMMAND, '--full']));
    for (const side of both(hostile)) expect(await leftovers(side)).toEqual([]);
    const after = (await everything(hostile)) as { src: object; dst: object };
    const was = before as { src: object; dst: object };
    expect(after.src).toEqual(was.src);
    // There, the schema was loaded.
    const kept = ({ roles, settings, slots, origins }: Record<string, unknown>) => ({
      roles,
      settings,
      slots,
      origins,
    });
    expect(kept({ ...after.dst })).toEqual(kept({ ...was.dst }));
    expect(await hostile.dst.sql(`SELECT FROM ${ident(hostile.schema)}."Order Details"`)).toHaveLength(20);
  });

  it('finds nothing to do the second time', async () => {
    const now = await everything(hostile);
    const { results } = checkedJson(await hostile.belt([COMMAND, '--full', '--json']), detailFields, [hostile]);
    const work = results.flatMap(({ steps }) => steps.filter(({ name }) => !name.startsWith('check-others')));
    expect(work.length).toBeGreaterThan(20);
    expect(work.filter(({ status }) => status !== 'skipped')).toEqual([]);
    expect(await everything(hostile)).toEqual(now);
  });
});

/**
 * Put to rest with its test: whenever a subscription changes, pglogical's supervisor starts a process in each database that
 * can be entered and has none, and those of ended tests would cost more than the test itself.
 */
async function passingPair(options: PairOptions): Promise<TestPair> {
  const pair = await testPair(options);
  onTestFinished(() => pair.cleanup());
  return pair;
}

describe('belt teardown and what else is there', () => {
  it('leaves another database of the same server replicating, and its role until that one is torn down too', async () => {
    const pglogical = ownRole();
    const first = await passingPair({ srcSql: APPLICATION, names: { pglogical } });
    const second = await passingPair({ srcSql: APPLICATION, names: { pglogical } });
    await Promise.all([replicate(first, 'both'), replicate(second, 'both')]);
    const { results } = checkedJson(await first.belt([COMMAND, '--full', '--json']), detailFields, [first]);
    const role = results[0]?.steps.filter(({ name }) => name.startsWith('drop-role'));
    expect(role).toHaveLength(2);
    for (const { status, message } of role ?? []) {
      expect(status).toBe('skipped');
      expect(message).toContain(`"${second.names.database}" on that server uses it`);
    }
    for (const side of both(first)) expect(await leftovers(side)).toEqual([`role ${pglogical.name}`]);
    await waitForStatus(second, 'replicating', 'replicating');
    await second.src.sql(`INSERT INTO "Shop Data"."Order Details" (v, n) VALUES ('still there', 7)`);
    const arrived = () => second.dst.sql(`SELECT FROM "Shop Data"."Order Details" WHERE v = 'still there'`);
    await expect.poll(arrived, { timeout: 15_000 }).toHaveLength(1);
    expectSuccess(await second.belt([COMMAND, '--full']));
    for (const side of both(second)) expect(await leftovers(side)).toEqual([]);
  });

  it('of a whole datacenter takes the role along, though each database was the other one’s reason to keep it', async () => {
    const pglogical = ownRole();
    const first = await passingPair({ srcSql: APPLICATION, names: { pglogical } });
    const second = await passingPair({ srcSql: APPLICATION, names: { pglogical }, project: first.dir, db: 'users' });
    await Promise.all([replicate(first, 'both'), replicate(second, 'both')]);
    expectSuccess(await first.beltRaw([COMMAND, first.dc, '--full']));
    for (const side of [...both(first), ...both(second)]) expect(await leftovers(side)).toEqual([]);
  });

  it('is refused where pglogical serves somebody else too, naming it', async () => {
    const pair = await passingPair({ srcSql: APPLICATION, names: { pglogical: ownRole() } });
    await replicate(pair);
    await pair.src.sql("SELECT pglogical.create_replication_set('The other one')");
    const now = await everything(pair);
    const run = await pair.belt([COMMAND]);
    expectFailure(run, {
      config: pair.config,
      says: [/pglogical serves something else in the source database .*: replication set "The other one"/, /--force/],
    });
    expect(await everything(pair)).toEqual(now);
  });

  it('leaves dblink where functions speak of it', async () => {
    const pair = await passingPair({ srcSql: APPLICATION, names: { pglogical: ownRole() } });
    await pair.src.sql(
      `CREATE EXTENSION dblink; CREATE FUNCTION far() RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN dblink_connect('x'); END$$`,
    );
    const { results } = checkedJson(await pair.belt([COMMAND, '--full', '--json']), detailFields, [pair]);
    expect(results[0]?.steps.find(({ name }) => name === 'drop-dblink-src')).toMatchObject({
      status: 'skipped',
      message: expect.stringContaining('far()') as string,
    });
    expect(await leftovers(pair.src)).toEqual(['extension dblink']);
  });

  it('with --force goes on with the side that answers', async () => {
    const pair = await passingPair({ srcSql: APPLICATION, names: { pglogical: ownRole() } });
    await replicate(pair, 'both');
    const { dst } = pair.config;
    if (dst === null) throw new Error('no destination');
    const { port } = dst;
    dst.port = 1;
    await pair.writeConfig();
    const run = await pair.belt([COMMAND, '--full']);
    expectFailure(run, { config: pair.config, says: [/cannot connect to the destination database/] });
    const forced = await pair.belt([COMMAND, '--full', '--force', '--json']);
    const { results } = checkedJson(forced, detailFields, [pair]);
    expect(results).toMatchObject([{ success: true, detail: { not_reached: ['dst'] } }]);
    expect(await leftovers(pair.src)).toEqual([]);
    dst.port = port;
    await pair.writeConfig();
    expectSuccess(await pair.belt([COMMAND, '--full', '--force']));
    for (const side of both(pair)) expect(await leftovers(side)).toEqual([]);
  });
});
