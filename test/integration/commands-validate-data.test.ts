import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { validateDataFields, type ValidateDataFields } from '../../src/results/validate-data.js';
import { checkedJson, everything, expectSuccess, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { holding, until, Writer } from '../harness/migration.js';
import type { TestNames } from '../harness/names.js';
import { testPair, type TestPair } from '../harness/pair.js';

const HOSTILE = `x'; DROP TABLE y; --`;

const tables = ({ app, schema }: Pick<TestNames, 'app' | 'schema'>): string => `
CREATE TABLE "Order Details" ("Id 1" int, "k'2" text, "where" numeric, PRIMARY KEY ("k'2", "Id 1"));
CREATE TABLE busy (id serial PRIMARY KEY, mark text, n int);
CREATE TABLE log (line text);
CREATE UNLOGGED TABLE ${ident(HOSTILE)} (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO "Order Details" SELECT n, 'k"' || n, n / 7.0 FROM generate_series(1, 60) n;
INSERT INTO busy (mark, n) SELECT n, n FROM generate_series(1, 50) n;
INSERT INTO log SELECT 'line ' || n FROM generate_series(1, 40) n;
INSERT INTO ${ident(HOSTILE)} SELECT generate_series(1, 30);
GRANT USAGE ON SCHEMA ${ident(schema)} TO ${ident(app.name)};
GRANT SELECT, UPDATE ON busy TO ${ident(app.name)};
`;

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  pair = await testPair({ srcSql: tables });
  second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: tables });
  await Promise.all([replicate(pair, 'both'), replicate(second)]);
});

type Table = ValidateDataFields['tables'][number];

/** Runs it with --json, and gives the row's own fields. */
async function validated(of: TestPair, ...words: string[]): Promise<ValidateDataFields & { success: boolean }> {
  const run = await of.belt(['validate-data', ...words, '--json']);
  const [row] = checkedJson(run, validateDataFields, [of]).results;
  if (row === undefined || !('tables' in row)) throw new Error(run.text);
  return row;
}

const named = (found: readonly Table[]): string[] =>
  found.map(({ name, strategy, passed }) => `${name} ${strategy}${passed ? '' : ' not passed'}`);

describe('belt validate-data while rows are replicated', () => {
  it('compares what is replicated, and skips what sync has yet to copy', async () => {
    const before = await everything(pair);
    const { success, tables: found, differences } = await validated(pair);
    expect(success).toBe(true);
    expect(named(found)).toEqual([
      'Order Details random_100',
      'Order Details latest_100',
      'busy random_100',
      'busy latest_100',
      'log no_pkey_presence not passed',
      `${HOSTILE} random_100 not passed`,
    ]);
    expect(found.map(({ rows_compared }) => rows_compared)).toEqual([60, 60, 50, 50, 0, 0]);
    expect(found.filter(({ skipped_reason }) => skipped_reason !== null).map(({ name }) => name)).toEqual([
      'log',
      HOSTILE,
    ]);
    expect(differences).toEqual([]);
    const run = await pair.belt(['validate-data']);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^Order Details +random rows +60 +equal\n +highest keys +60 +equal$/m);
    expect(run.stdout).toMatch(/^log +rows, and their number +0 +not copied yet: sync copies it/m);
    expect(await everything(pair)).toEqual(before);
  });

  it('compares just the tables named, and tells all that is wrong with the names at once', async () => {
    expect(named((await validated(pair, '--table', 'busy')).tables)).toEqual(['busy random_100', 'busy latest_100']);
    const words = ['Busy', 'log', HOSTILE, 'no such', 'busy'].flatMap((name) => ['--table', name]);
    const run = await second.belt(['validate-data', ...words]);
    expectFailure(run, {
      config: second.config,
      says: [
        /4 of the tables named cannot be compared/,
        /"Busy" is not in schema "my "odd" schéma" \(did you mean "busy"\?\)/,
        /"no such" is not in/,
        /"log" is not copied yet: sync copies it in the downtime/,
        /"x'; DROP TABLE y; --" is not copied yet/,
      ],
    });
  });

  it('raises no false alarm while an application writes, and still finds a value that is another one', async () => {
    const update = `UPDATE ${ident(second.schema)}.busy SET mark = $1, n = n + 1 WHERE id IN (7, 50)`;
    const writer = await Writer.start(second.src, update, { pauseMs: 20 });
    try {
      for (let run = 0; run < 3; run++) {
        const { tables: found, differences } = await validated(second, '--table', 'busy');
        expect(differences).toEqual([]);
        expect(named(found)).toEqual(['busy random_100', 'busy latest_100']);
      }
      await second.dst.sql(`UPDATE ${ident(second.schema)}.busy SET mark = 'other' WHERE id = 9`);
      const { success, differences } = await validated(second, '--table', 'busy');
      expect(success).toBe(false);
      expect(new Set(differences.map(({ key }) => key['id']))).toEqual(new Set(['9']));
    } finally {
      await writer.stop();
    }
    expect(writer.acknowledged.length).toBeGreaterThan(20);
    await second.dst.sql(`UPDATE ${ident(second.schema)}.busy SET mark = '9' WHERE id = 9`);
  });

  it('waits for a row that is on its way', async () => {
    // It can be read on the destination, but not be written: there the change has to wait.
    const { running } = await holding(
      second.dst,
      `LOCK TABLE ${ident(second.schema)}.busy IN EXCLUSIVE MODE`,
      async () => {
        await second.src.ownerSql('UPDATE busy SET n = 77 WHERE id = 3');
        const started = second.belt(['validate-data', '--table', 'busy', '--json']);
        await until('belt waits until replication has caught up', async () => {
          const rows = await second.src.sql(
            `SELECT FROM pg_stat_activity WHERE datname = current_database()
              AND application_name LIKE 'belt validate-data%' AND query LIKE '%confirmed_flush_lsn >=%'`,
          );
          return rows.length > 0;
        });
        return { running: started };
      },
    );
    const { results } = checkedJson(await running, validateDataFields, [second]);
    expect(results[0]).toMatchObject({ success: true, differences: [] });
  });

  it('names table, key and column of a value that differs, and a row that a side lacks', async () => {
    await second.dst.ownerSql(`UPDATE "Order Details" SET "where" = 1.00 WHERE "Id 1" = 7;
      DELETE FROM "Order Details" WHERE "Id 1" = 8`);
    const { success, tables: found, differences } = await validated(second);
    expect(success).toBe(false);
    // Among the random rows, and among those with the highest keys.
    expect(differences).toHaveLength(4);
    expect(differences.slice(0, 2)).toEqual(
      expect.arrayContaining([
        {
          table: 'Order Details',
          key: { "k'2": 'k"7', 'Id 1': '7' },
          columns: [{ name: 'where', src: '1.00000000000000000000', dst: '1.00' }],
          missing_on: null,
          note: null,
        },
        { table: 'Order Details', key: { "k'2": 'k"8', 'Id 1': '8' }, columns: [], missing_on: 'dst', note: null },
      ]),
    );
    expect(found.find(({ name }) => name === 'Order Details')?.mismatch_detail).toMatch(/^2 of 60 rows differ; key/);
    const run = await second.belt(['validate-data']);
    expectFailure(run, {
      config: second.config,
      says: [/table "Order Details": 2 of 60 rows differ; key \(k'2, Id 1\)=/, /\[step validate-data\]/],
    });
    expect(run.stdout).toMatch(/^Order Details +random rows +60 +DIFFERENT/m);
    expect(
      run.stdout.match(/^different: Order Details: key \(k'2, Id 1\)=\(k"8, 8\): not on the destination$/gm),
    ).toHaveLength(1);
    expect(run.stdout).toMatch(
      /^different: .*=\(k"7, 7\): column "where": 1\.0+ on the source, 1\.00 on the destination$/m,
    );
    await second.dst.ownerSql(`UPDATE "Order Details" SET "where" = 7 / 7.0 WHERE "Id 1" = 7;
      INSERT INTO "Order Details" VALUES (8, 'k"8', 8 / 7.0)`);
    expect((await validated(second)).success).toBe(true);
  });

  it('compares every row with --full, while an application writes', async () => {
    const update = `UPDATE ${ident(second.schema)}.busy SET mark = $1, n = n + 1 WHERE id IN (7, 50)`;
    const writer = await Writer.start(second.src, update, { pauseMs: 20 });
    try {
      const { success, tables: found } = await validated(second, '--full');
      expect(success).toBe(true);
      expect(named(found)).toEqual([
        'Order Details full',
        'busy full',
        'log no_pkey_presence not passed',
        `${HOSTILE} random_100 not passed`,
      ]);
      expect(found.map(({ rows_compared }) => rows_compared)).toEqual([60, 50, 0, 0]);
    } finally {
      await writer.stop();
    }
    await second.dst.ownerSql(`UPDATE busy SET n = -1 WHERE id < 9`);
    const words = ['--full', '--max-differences', '3', '--deadline', '1'];
    const { success, differences } = await validated(second, ...words);
    expect(success).toBe(false);
    expect(differences).toHaveLength(3);
    expect(differences[0]).toMatchObject({ table: 'busy', columns: [{ name: 'n', dst: '-1' }], missing_on: null });
    const run = await second.belt(['validate-data', ...words, '--table', 'busy']);
    expectFailure(run, {
      config: second.config,
      says: [/table "busy": 8 of 50 rows differ; key \(id\)=\(\d\): column "n"/],
    });
    expect(run.stdout).toMatch(/^busy +every row +50 +DIFFERENT$/m);
    await second.src.ownerSql('UPDATE busy SET n = 0');
    expect((await validated(second, '--full')).success).toBe(true);
  });

  it('finds that a table which was copied early is out of date', async () => {
    expectSuccess(await second.belt(['sync-tables', '--table', 'log']));
    expect((await validated(second, '--table', 'log')).success).toBe(true);
    await second.src.ownerSql(`INSERT INTO log VALUES ('late')`);
    expectFailure(await second.belt(['validate-data']), {
      config: second.config,
      says: [/table "log": .*the source has 41 rows, the destination 40/, /copied of them early is out of date/],
    });
    await second.src.ownerSql(`DELETE FROM log WHERE line = 'late'`);
    await second.dst.ownerSql('TRUNCATE log');
  });

  it('says that forward replication is down, and what that has to do with a difference', async () => {
    await second.dst.sql(`SELECT pglogical.alter_subscription_disable('pg1_pg2', true)`);
    await waitForStatus(second, 'down');
    await second.src.ownerSql(`UPDATE busy SET mark = 'not there yet' WHERE id = 3`);
    const run = await second.belt(['validate-data']);
    expectFailure(run, { config: second.config, says: [/table "busy"/, /Forward replication is down/] });
    expect(run.stderr).toMatch(/WARNING: forward replication is down.*subscription pg1_pg2 is disabled/);
    await second.dst.sql(`SELECT pglogical.alter_subscription_enable('pg1_pg2', true)`);
    await waitForStatus(second, 'replicating');
    // It waits for what has yet to arrive.
    expect((await validated(second)).success).toBe(true);
  });

  it('is refused while the initial copy runs', async () => {
    const third = await testPair({ project: pair.dir, dc: 'dc2', db: 'zones', srcSql: tables });
    expectSuccess(await third.belt(['setup']));
    await waitForStatus(third, 'replicating');
    await third.src.disconnect();
    expectSuccess(await third.belt(['teardown-forward-replication']));
    await third.dst.sql(`TRUNCATE ${ident(third.schema)}.busy, ${ident(third.schema)}."Order Details"`);
    await holding(third.dst, `LOCK TABLE ${ident(third.schema)}.busy IN SHARE MODE`, async () => {
      expectSuccess(await third.belt(['setup', '--copy', 'pglogical']));
      expectFailure(await third.belt(['validate-data']), {
        config: third.config,
        says: [/initial copy of "zones" is not over/, /belt status/],
      });
    });
  });
});

describe('belt validate-data after the cutover', () => {
  beforeAll(async () => {
    for (const one of [pair, second]) await one.src.disconnect();
    expectSuccess(await pair.beltRaw(['teardown-forward-replication', pair.dc]));
  });

  it('finds the tables that nobody has copied, and what to do', async () => {
    expectFailure(await second.belt(['validate-data']), {
      config: second.config,
      says: [/table "log": .*the source has 40 rows, the destination 0/, /belt sync-tables copies them/],
    });
  });

  it('compares every table of every database', async () => {
    expectSuccess(await pair.beltRaw(['sync', pair.dc]));
    const run = await pair.beltRaw(['validate-data', pair.dc]);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop +equal +4 +320 +0 +0$/m);
    expect(run.stdout).toMatch(/^users +equal +4 +320 +0 +0$/m);
    const full = await pair.beltRaw(['validate-data', pair.dc, '--full']);
    expectSuccess(full);
    expect(full.stdout).toMatch(/^shop +equal +4 +180 +0 +0$/m);
  });

  it('finds a changed value in a table without key, and tells what back replication does not bring', async () => {
    await pair.dst.ownerSql(`UPDATE log SET line = 'another' WHERE line = 'line 5'`);
    const { success, tables: found, differences } = await validated(pair);
    expect(success).toBe(false);
    expect(found.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual(['log']);
    expect(differences).toMatchObject([{ table: 'log', key: { line: 'line 5' }, missing_on: 'dst' }]);
    const run = await pair.beltRaw(['validate-data', pair.dc]);
    expectFailure(run, { config: pair.config, says: [/shop: .*table "log"/, /not replicated back/] });
    expect(run.stdout).toMatch(/^users +equal/m);
    expect(run.stdout).toMatch(/^shop +DIFFERENT +4 +320 +1 +0$/m);
    expect(run.stdout).toMatch(/^different: shop: log: key \(line\)=\(line 5\): not on the destination/m);
  });

  it('names a table that the destination lacks, and a schema that the source lacks', async () => {
    await second.dst.ownerSql('ALTER TABLE busy RENAME TO idle');
    expectFailure(await second.belt(['validate-data']), {
      config: second.config,
      says: [/table "busy": the table is not on the destination/],
    });
    second.config.schema_name = 'No Such';
    await second.writeConfig();
    expectFailure(await second.belt(['validate-data']), {
      config: second.config,
      says: [/source database .* has no schema "No Such"/],
    });
  });
});
