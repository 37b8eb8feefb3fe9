import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { syncTablesFields } from '../../src/results/sync-tables.js';
import { checkedJson, everything, expectSuccess, replicate } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

const HOSTILE = `x'; DROP TABLE y; --`;

const TABLES = `
CREATE TABLE "Order Details" (id int PRIMARY KEY, v text);
CREATE TABLE log (line text, at timestamptz DEFAULT now());
CREATE TABLE ${ident(HOSTILE)} (n int, "Order" text);
CREATE TABLE "Old Orders" (n int) PARTITION BY RANGE (n);
CREATE TABLE "Old 1" PARTITION OF "Old Orders" FOR VALUES FROM (0) TO (10);
CREATE TABLE "Old 2" PARTITION OF "Old Orders" DEFAULT;
CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.line := 'marked'; RETURN NEW; END $$;
CREATE TRIGGER mark BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION mark();
`;

const ROWS = `
INSERT INTO "Order Details" SELECT n, 'row ' || n FROM generate_series(1, 20) n;
ALTER TABLE log DISABLE TRIGGER mark;
INSERT INTO log SELECT 'line ' || n FROM generate_series(1, 300) n;
ALTER TABLE log ENABLE TRIGGER mark;
INSERT INTO ${ident(HOSTILE)} SELECT n, 'it''s' FROM generate_series(1, 50) n;
INSERT INTO "Old Orders" SELECT generate_series(1, 20);
`;

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  const options = { srcSql: TABLES + ROWS };
  pair = await testPair(options);
  second = await testPair({ ...options, dstSql: TABLES, hostile: true, project: pair.dir, db: 'users' });
  // Only the first replicates, in both directions; the other one has its schema by other means.
  await replicate(pair, 'both');
  await pair.src.disconnect();
  await second.src.disconnect();
});

const count = async (of: TestPair, table: string): Promise<number> => {
  const [row] = await of.dst.ownerSql<{ n: number }>(`SELECT count(*)::int AS n FROM ${ident(table)}`);
  return row?.n ?? -1;
};

/** Runs it, and gives what became of each table. */
async function copied(of: TestPair, ...words: string[]): Promise<unknown> {
  const run = await of.belt(['sync-tables', ...words, '--json']);
  const [row] = checkedJson(run, syncTablesFields, [of]).results;
  if (row === undefined || !('tables' in row)) throw new Error(run.text);
  return [row.discovery_mode, ...row.tables.map(({ name, loaded, row_count }) => [name, loaded, row_count])];
}

describe('belt sync-tables', () => {
  it('--dry-run names the tables, and copies none', async () => {
    const before = await everything(second);
    const run = await second.belt(['sync-tables', '--dry-run']);
    expectSuccess(run);
    for (const name of ['log', HOSTILE, 'Old 1', 'Old 2']) expect(run.stdout).toMatch(new RegExp(`${name} +planned`));
    expect(await copied(second, '--dry-run')).toEqual([
      'auto',
      ...['Old 1', 'Old 2', 'log', HOSTILE].map((name) => [name, false, null]),
    ]);
    expect(await everything(second)).toEqual(before);
    expect(await count(second, 'log')).toBe(0);
  });

  it('tells all that is wrong with the tables named at once, and copies none of the others', async () => {
    await pair.dst.ownerSql('ALTER TABLE "Old 2" RENAME TO "Old 3"');
    const words = ['log', 'Log', 'no such', 'Order Details', 'Old Orders'].flatMap((name) => ['--table', name]);
    const run = await pair.belt(['sync-tables', ...words]);
    expectFailure(run, {
      config: pair.config,
      says: [
        /4 of the tables named cannot be copied from the source database/,
        /"Log" is not in schema "Shop Data" \(did you mean "log"\?\)/,
        /"no such" is not in schema "Shop Data";/,
        /"Order Details" is in replication: its rows come by subscription pg1_pg2/,
        /"Old 2" is not on the destination: load the schema/,
        /\[step read-source\]/,
        /Leave them out of --table/,
      ],
    });
    expect(await count(pair, 'log')).toBe(0);
    await pair.dst.ownerSql('ALTER TABLE "Old 3" RENAME TO "Old 2"');
  });

  it('copies the tables named and no other, on each database; those with a key where nothing replicates them', async () => {
    const words = ['--table', 'log', '--table', 'Old Orders'];
    const run = await pair.beltRaw(['sync-tables', pair.dc, ...words, '--json']);
    const { results } = checkedJson(run, syncTablesFields, [pair, second]);
    for (const [index, one] of [pair, second].entries()) {
      expect(results[index]).toMatchObject({
        discovery_mode: 'explicit',
        schema_name: one.schema,
        tables: [
          { name: 'Old 1', loaded: true, row_count: 9, skipped_reason: null, error: null },
          { name: 'Old 2', loaded: true, row_count: 11 },
          { name: 'log', loaded: true, row_count: 300 },
        ],
      });
      expect(await count(one, HOSTILE)).toBe(0);
      // No trigger has fired.
      expect(await one.dst.ownerSql(`SELECT FROM log WHERE line = 'marked'`)).toEqual([]);
    }
    expect(await copied(second, '--table', 'Order Details')).toEqual(['explicit', ['Order Details', true, 20]]);
  });

  it('copies the others when none is named, and leaves alone what is there', async () => {
    const all = (loaded: boolean): unknown => [
      'auto',
      ['Old 1', false, 9],
      ['Old 2', false, 11],
      ['log', false, 300],
      [HOSTILE, loaded, 50],
    ];
    for (const one of [pair, second]) {
      expect(await copied(one)).toEqual(all(true));
      expect(await copied(one)).toEqual(all(false));
      expect(await count(one, HOSTILE)).toBe(50);
    }
  });

  it('fails for a table that has other rows, copies the others, and says so in table and JSON', async () => {
    await second.dst.ownerSql(`DELETE FROM log WHERE line = 'line 3'; TRUNCATE ${ident(HOSTILE)}`);
    const run = await second.belt(['sync-tables']);
    expectFailure(run, {
      config: second.config,
      says: [
        /"log": the destination holds 299 rows already, the source 300/,
        /\[step sync-tables\]/,
        /empty the table/,
      ],
    });
    expect(run.stdout).toMatch(/^ +log +failed +299/m);
    expect(run.stdout).toContain(`${HOSTILE}  copied`);
    expect(await count(second, HOSTILE)).toBe(50);
    const again = checkedJson(await second.belt(['sync-tables', '--json']), syncTablesFields, [second]);
    expect(again.results[0]).toMatchObject({ success: false, tables: { 2: { name: 'log', loaded: false } } });
    expect(await count(second, 'log')).toBe(299);
  });

  it('warns that the copy grows old while somebody can write on the source', async () => {
    const app = await pair.src.connect(pair.names.app);
    const run = await pair.belt(['sync-tables']);
    await app.end();
    expectSuccess(run);
    expect(run.stderr).toMatch(/WARNING: .*1 of App_.*: what they write into these tables .* does not reach/);
  });

  it('copies no table that only back replication has left', async () => {
    expectSuccess(await pair.belt(['teardown-forward-replication']));
    const run = await pair.belt(['sync-tables', '--table', 'Order Details']);
    expectFailure(run, {
      config: pair.config,
      says: [/"Order Details" is in back replication \(subscription pg2_pg1\), which would carry the copy back/],
    });
    expectSuccess(await pair.belt(['teardown-back-replication']));
    expect(await copied(pair, '--table', 'Order Details')).toEqual(['explicit', ['Order Details', false, 20]]);
  });

  it('fails when the source has no such schema', async () => {
    second.config.schema_name = 'No Such';
    await second.writeConfig();
    expectFailure(await second.belt(['sync-tables']), {
      config: second.config,
      says: [/source database .* has no schema "No Such" \[step read-source\]/],
    });
  });
});
