import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { expectEqual, must, mustFail, untilReplicating, type Json, type JsonRow } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Small enough that a sample holds every row. */
const ROWS = 40;

const SCHEMA = `
CREATE TYPE "Pair" AS (a int, b text);
CREATE TABLE "Types" (
  "Id 1" int, "id""2" text, double_one float8, "Not a Number" numeric, plain json, binary_one jsonb, money numeric,
  "text" text, raw bytea, list int[], at timestamptz, span interval, big bigint, maybe text, pair "Pair",
  PRIMARY KEY ("id""2", "Id 1"));
INSERT INTO "Types"
  SELECT n, 'k''' || n, 0, 'NaN', '{"a": 1}', '{"a": 1}', 1.0, 'text', '\\x00ff', '{1,2}',
         '2024-02-29 12:00:00.000001+00', '1 day', 9007199254740993, '', ROW(n, '')::"Pair" FROM generate_series(1, ${String(ROWS)}) n;
CREATE TABLE "Order Details" (id int PRIMARY KEY, words text);
INSERT INTO "Order Details" SELECT n, 'words ' || n FROM generate_series(1, ${String(ROWS)}) n;
CREATE TABLE "No Key" (n int, words text);
INSERT INTO "No Key" SELECT n, 'words ' || n FROM generate_series(1, ${String(ROWS)}) n;
INSERT INTO "No Key" VALUES (7, 'words 7'), (NULL, NULL);`;

/** Columns of the table of types, each with a value that is only just another one, and the value it had. */
const VALUES: readonly (readonly [column: string, changed: string, original: string])[] = [
  ['double_one', `'-0'::float8`, '0'],
  ['double_one', `'NaN'::float8`, '0'],
  ['double_one', `5e-324`, '0'],
  ['Not a Number', '0', `'NaN'`],
  ['plain', `'{"a":1}'`, `'{"a": 1}'`],
  ['binary_one', `'{"a": 1.0}'`, `'{"a": 1}'`],
  ['money', '1.00', '1.0'],
  ['text', `'text '`, `'text'`],
  ['raw', `'\\x00fe'`, `'\\x00ff'`],
  ['list', `'[0:1]={1,2}'`, `'{1,2}'`],
  ['at', `'2024-02-29 12:00:00+00'`, `'2024-02-29 12:00:00.000001+00'`],
  ['span', `'24 hours'`, `'1 day'`],
  ['big', '9007199254740992', '9007199254740993'],
  ['maybe', 'NULL', `''`],
  ['pair', `ROW(17, NULL)`, `ROW(17, '')`],
];

interface Difference {
  readonly table: string;
  readonly key: Record<string, string>;
  readonly missingOn: 'src' | 'dst' | null;
  readonly columns: readonly { readonly name: string }[];
}

let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ srcSql: SCHEMA });
  await pair.src.disconnect();
  await must(pair, ['setup']);
  await untilReplicating(pair.dst, 'pg1_pg2');
  await must(pair, ['teardown-forward-replication']);
  await must(pair, ['sync']);
  await expectEqual(pair);
});

/** Changes the destination, sees sync fail, puts it right again, and sees sync pass, each time with a new sample. */
async function changed(change: string, undo: string): Promise<JsonRow> {
  await pair.dst.ownerSql(change);
  const failed = await mustFail(pair, ['sync']);
  await pair.dst.ownerSql(undo);
  await passes();
  return failed;
}

let passed = 0;

async function passes(): Promise<void> {
  const [row] = (await must(pair, ['sync', '--json'])).json<Json>().results;
  const { validation } = row?.['detail'] as { validation: { tables: { rows_compared: number; passed: boolean }[] } };
  expect(validation.tables).toHaveLength(5);
  for (const table of validation.tables) {
    expect(table.passed).toBe(true);
    expect(table.rows_compared).toBeGreaterThanOrEqual(ROWS);
  }
  passed++;
}

function differences({ error }: JsonRow): readonly Difference[] {
  expect(error).toMatchObject({
    error_type: 'CheckFailedError',
    detail: { step: expect.stringMatching(/^validate-(data|copied)$/) as string },
  });
  return error?.detail?.['differences'] as Difference[];
}

describe('a value that is another one on the destination makes sync fail', () => {
  it.each(VALUES)('in column %s: %s', async (column, value, original) => {
    const set = (to: string): string => `UPDATE "Types" SET ${ident(column)} = ${to} WHERE "Id 1" = 17`;
    const failed = await changed(set(value), set(original));
    expect(failed.error?.message).toContain('"Types"');
    expect(failed.error?.message).toContain(column);
    expect(failed.error?.message).toContain("k'17");
    // Once among the random rows, and once among those with the highest keys.
    expect(differences(failed).map(({ table, key, columns }) => [table, key, columns.map(({ name }) => name)])).toEqual(
      Array.from({ length: 2 }, () => ['Types', { 'id"2': "k'17", 'Id 1': '17' }, [column]]),
    );
  });
});

it('names a row that is missing on the destination', async () => {
  const failed = await changed(
    'DELETE FROM "Order Details" WHERE id = 3',
    `INSERT INTO "Order Details" VALUES (3, 'words 3')`,
  );
  expect(differences(failed)).toContainEqual(
    expect.objectContaining({ table: 'Order Details', key: { id: '3' }, missingOn: 'dst' }),
  );
  expect(failed.error?.message).toContain('Order Details');
});

it('names a row that is on the destination only', async () => {
  const failed = await changed(
    `INSERT INTO "Order Details" VALUES (-1, 'nobody wrote this')`,
    'DELETE FROM "Order Details" WHERE id = -1',
  );
  expect(differences(failed)).toContainEqual(
    expect.objectContaining({ table: 'Order Details', key: { id: '-1' }, missingOn: 'src' }),
  );
});

it('finds a changed value and a row too often in a table without key, where the number of rows is right', async () => {
  const first = await changed(
    `UPDATE "No Key" SET words = 'words' WHERE n = 5`,
    `UPDATE "No Key" SET words = 'words 5' WHERE n = 5`,
  );
  expect(differences(first)).toMatchObject([{ table: 'No Key', columns: [{ name: 'words' }] }]);
  // 8 is gone, and 7 is there three times.
  const second = await changed(
    `UPDATE "No Key" SET (n, words) = (7, 'words 7') WHERE n = 8`,
    `UPDATE "No Key" SET (n, words) = (8, 'words 8') WHERE ctid = (SELECT max(ctid) FROM "No Key" WHERE n = 7)`,
  );
  expect(new Set(differences(second).map(({ table }) => table))).toEqual(new Set(['No Key']));
  expect(second.error?.message).toContain('(n)=(8)');
});

it('does not take a table without key for copied when it has a row too many', async () => {
  const failed = await changed(`INSERT INTO "No Key" VALUES (99, NULL)`, 'DELETE FROM "No Key" WHERE n = 99');
  expect(failed.error).toMatchObject({ error_type: 'CheckFailedError', detail: { step: 'sync-tables' } });
  expect(failed.error?.message).toContain('No Key');
  expect(failed.error?.message).toContain(String(ROWS + 3));
});

afterAll(() => {
  // Of unchanged data, each sampled anew.
  expect(passed).toBeGreaterThanOrEqual(20);
});
