import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, everything, expectSuccess, ORDERS, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';

const rows = async (side: TestDatabase): Promise<unknown> => {
  const table = `${ident(side.names.schema)}."Order Details"`;
  return side.sql(`SELECT count(*)::int, sum(n)::int FROM ${table}`);
};

describe('belt setup', () => {
  let pair: TestPair;
  let second: TestPair;

  beforeAll(async () => {
    pair = await testPair({ srcSql: ORDERS });
    second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: ORDERS });
  });

  it('--dry-run prints the plan and changes nothing', async () => {
    const before = [await everything(pair), await everything(second)];
    const run = await pair.beltRaw(['setup', pair.dc, '--dry-run', '--json']);
    const { results } = checkedJson(run, detailFields, [pair, second]);
    for (const { steps } of results) {
      expect(steps.find(({ name }) => name === 'create-node-src')?.status).toBe('planned');
      expect(steps.find(({ name }) => name === 'prepare-subscription')?.status).toBe('planned');
      expect(steps.filter(({ status }) => status === 'failed')).toEqual([]);
    }
    expect([await everything(pair), await everything(second)]).toEqual(before);
  });

  it('sets a whole datacenter up at once, and the rows arrive', async () => {
    const run = await pair.beltRaw(['setup', pair.dc]);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop +done +\d+ done/m);
    expect(run.stdout).toMatch(/^users +done +\d+ done/m);
    for (const one of [pair, second]) {
      await waitForStatus(one, 'replicating');
      expect(await rows(one.dst)).toEqual(await rows(one.src));
      await one.src.ownerSql(`INSERT INTO "Order Details" (v, n) VALUES ('late', 7)`);
      await expect.poll(() => rows(one.dst), { timeout: 15_000 }).toEqual(await rows(one.src));
      expect(await one.dst.sql(`SELECT FROM pg_constraint WHERE conname = 'n_check'`)).toEqual([]);
    }
  });

  it('finds nothing to do the second time, and changes nothing', async () => {
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt(['setup', '--json']), detailFields, [pair]);
    const looks = ['read-source', 'check-tools', 'check-extensions', 'check-grant-roles'];
    const again = results.flatMap(({ steps }) => steps.filter(({ name }) => !looks.includes(name)));
    expect(again.length).toBeGreaterThan(10);
    expect(again.filter(({ status }) => status !== 'skipped')).toEqual([]);
    expect(await everything(pair)).toEqual(before);
    expect(results).toMatchObject([
      { detail: { forward_replication: 'replicating', tables_replicated: 1, tables_copied_by_sync: ['log'] } },
    ]);
  });

  it('leaves everyone free to drop and truncate, which pglogical looks at, and nobody to command pglogical', async () => {
    for (const side of [pair.src, pair.dst]) {
      const app = await side.connect(pair.names.app);
      await app.query('CREATE TEMP TABLE passing (id int); TRUNCATE passing; DROP TABLE passing');
      await expect(app.query("SELECT pglogical.drop_subscription('pg1_pg2')")).rejects.toThrow(
        /permission denied for function/,
      );
      await expect(app.query('SELECT * FROM pglogical.node_interface')).rejects.toThrow(/permission denied for table/);
      await app.end();
      await side.ownerSql(
        'CREATE TABLE passing (id int, v int); ALTER TABLE passing DROP COLUMN v; DROP TABLE passing; TRUNCATE log',
      );
    }
    await pair.src.ownerSql('TRUNCATE "Order Details"');
    await expect.poll(() => rows(pair.dst), { timeout: 15_000 }).toEqual([{ count: 0, sum: null }]);
  });

  it('names its log file by the time, and every step stands in it', async () => {
    const { readdir, readFile, stat } = await import('node:fs/promises');
    const folder = `${pair.dir}/logs/${pair.dc}/${pair.db}`;
    const names = (await readdir(folder)).filter((name) => name.endsWith('-setup.log'));
    expect(names.length).toBeGreaterThanOrEqual(3);
    expect(names).toContainEqual(expect.stringMatching(/^\d{8}T\d{9}Z-setup\.log$/));
    const texts = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, 'utf8')));
    expect(texts.join('')).toMatch(/prepare-subscription: ok in \d+ ms/);
    expect((await stat(`${folder}/${names[0] ?? ''}`)).mode & 0o077).toBe(0);
  });
});

describe('belt setup on a destination with its own schema', () => {
  it('--no-schema names the tables that are missing; goes on when they are there', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    const run = await pair.belt(['setup', '--no-schema']);
    expectFailure(run, {
      config: pair.config,
      says: [/destination database .* lacks tables .*"Order Details"/, /\[step check-destination\]/],
    });
    await pair.dst.ownerSql(
      'CREATE TABLE "Order Details" (id int PRIMARY KEY, v text, n int); CREATE TABLE log (line text)',
    );
    await pair.dst.ownerSql('INSERT INTO "Order Details" VALUES (1)');
    const filled = await pair.belt(['setup', '--no-schema']);
    expectFailure(filled, { config: pair.config, says: [/has rows already .*"Order Details"/, /belt reset/] });
    await pair.dst.ownerSql('TRUNCATE "Order Details"');
    expectSuccess(await pair.belt(['setup', '--no-schema']));
    await waitForStatus(pair, 'replicating');
    expect(await rows(pair.dst)).toEqual(await rows(pair.src));
  });
});

describe('belt setup with a schema that does not load', () => {
  it('names the object and what PostgreSQL says, and loads nothing of it', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    await pair.src.sql(
      `CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t (id int); CREATE VIEW "Shop Data"."The View" AS SELECT * FROM elsewhere.t`,
    );
    const run = await pair.belt(['setup', '--accept', 'outside-object-missing']);
    expect(run.stderr).toMatch(/accepted: outside-object-missing/);
    expectFailure(run, {
      config: pair.config,
      says: [
        /was not loaded into the destination database .*, nothing of it: .*The View/,
        /relation "elsewhere\.t" does not exist|schema "elsewhere" does not exist/,
        /\[step load-schema\]/,
      ],
    });
    expect(
      await pair.dst.sql('SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(\'"Shop Data"\')'),
    ).toEqual([]);
    await pair.src.sql('DROP VIEW "Shop Data"."The View"');

    await pair.dst.ownerSql('CREATE SEQUENCE "Order Details_id_seq"');
    const exists = await pair.belt(['setup']);
    expectFailure(exists, {
      config: pair.config,
      says: [/"Order Details_id_seq" already exists/, /\[step load-schema\]/],
    });
    const { results } = checkedJson(await pair.belt(['setup', '--json']), detailFields, [pair]);
    expect(results).toMatchObject([
      { success: false, error: { error_type: 'ToolError', detail: { step: 'load-schema', side: 'dst' } } },
    ]);
    await pair.dst.ownerSql('DROP SEQUENCE "Order Details_id_seq"');
    expectSuccess(await pair.belt(['setup']));
  });
});

describe('a second belt at the same time', () => {
  it('is refused, and told of the first', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    const holder = await pair.src.connect();
    await holder.query('BEGIN; LOCK TABLE "Shop Data"."Order Details" IN EXCLUSIVE MODE');
    const first = pair.belt(['setup']);
    const waits = async (): Promise<number> =>
      (
        await pair.src.sql(
          `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`,
        )
      ).length;
    await expect.poll(waits, { timeout: 30_000, interval: 50 }).toBeGreaterThan(0);
    const second = await pair.belt(['setup']);
    await holder.query('ROLLBACK');
    await holder.end();
    expectFailure(second, {
      config: pair.config,
      says: [
        /another belt is at work on the source database .*"belt setup \(pid \d+ on [\w.-]+\)" from \S+, since \d{4}-/,
      ],
    });
    expectSuccess(await first);
  });
});
