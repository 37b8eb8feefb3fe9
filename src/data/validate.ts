import { CheckFailedError, type BeltError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { readTables, type Table } from '../postgres/catalog/tables.js';
import type { Label, Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { compareKeyed, type Comparison, type KeyedTable, type SessionPair, type Settle } from './compare-keyed.js';
import { compareKeyless, type KeylessTable } from './compare-keyless.js';
import { describeDifference, type Difference } from './differences.js';
import { readEquality } from './operators.js';

/** What was compared of one table in one way. */
export interface ValidatedTable {
  name: Label;
  strategy: 'random_100' | 'latest_100' | 'no_pkey_presence' | 'full';
  rows_compared: number;
  passed: boolean;
  mismatch_detail: string | null;
}

export interface ValidationResult {
  schema_name: string;
  tables: ValidatedTable[];
}

export interface ValidateOptions {
  /** The source's tables, where the caller has read them already. */
  readonly tables?: readonly Table[];
  /** For data that still moves: sorts out the rows that differ only because they are on their way. */
  readonly settle?: Settle | undefined;
  /** Rows of tables without key on the source, by label, where the caller has just counted them. */
  readonly rowCounts?: ReadonlyMap<Label, number> | undefined;
  /** Connections a side. */
  readonly jobs?: number;
}

export interface Validation {
  readonly result: ValidationResult;
  readonly differences: readonly Difference[];
  /** When something differs: names table, key and column. */
  readonly error?: BeltError;
}

/** Rows of each sort that are compared in a table. */
const SAMPLE = 100;

/** Tables in a statement, at most. */
const KEYED_BATCH = 100;
const KEYLESS_BATCH = 20;

/**
 * Compares a sample of every table's rows on both sides, value by value, as stored: of a table with a key 100 random
 * rows of the source and the 100 with the highest keys on either side; of another one 100 rows of the source, and the
 * number of rows. Reads only a few blocks of large tables, but counts those without key.
 * @throws RefusedError when the config names a table that is not on the source; ConnectionError, QueryError
 */
export async function validateData(
  pair: Pair,
  { tables, rowCounts = new Map(), settle, jobs = 2 }: ValidateOptions = {},
): Promise<Validation> {
  const { src, dst } = await pair.roots();
  const schemas = await pair.schemas();
  const [all, there] = await Promise.all([
    tables ?? readTables(src, schemas, pair.config.tables),
    readTables(dst, schemas, []),
  ]);
  const work = sort(all, there);
  const batches = [
    // Those without key first: they take longest.
    ...split(work.keyless, KEYLESS_BATCH, jobs).map((list) => ({ keyless: list })),
    ...split(work.keyed, KEYED_BATCH, jobs).map((list) => ({ keyed: list })),
  ];
  const [equalsSrc, equalsDst] = await Promise.all([readEquality(src, all), readEquality(dst, there)]);
  const found = [...work.unfit];
  await withSessionPairs(pair, Math.min(jobs, batches.length), async (sessions) => {
    const both = { ...sessions, equals: { src: equalsSrc, dst: equalsDst } };
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      if ('keyed' in batch) {
        const results = await compareKeyed(both, batch.keyed, SAMPLE, settle);
        batch.keyed.forEach(({ src: { table } }, place) => {
          const one = results[place];
          if (one === undefined) return;
          found.push(row(table.label, 'random_100', one.random), row(table.label, 'latest_100', one.latest));
        });
      } else {
        const results = await compareKeyless(both, batch.keyless, SAMPLE, rowCounts);
        batch.keyless.forEach((table, place) => {
          const one = results[place];
          if (one !== undefined) found.push(row(table.src.label, 'no_pkey_presence', one));
        });
      }
    }
  });
  return conclude(schemas, found);
}

/** A row of the result, with what is wrong in detail. */
export interface Found {
  readonly row: ValidatedTable;
  readonly differences: readonly Difference[];
}

function row(
  name: Label,
  strategy: ValidatedTable['strategy'],
  { compared, differing, differences }: Comparison,
): Found {
  const passed = differing === 0;
  const [first] = differences;
  const detail =
    `${String(differing)} of ${String(compared)} rows ${differing === 1 ? 'differs' : 'differ'}` +
    (first === undefined ? '' : `; ${describeDifference(first)}`);
  return {
    row: { name, strategy, rows_compared: compared, passed, mismatch_detail: passed ? null : detail },
    differences,
  };
}

/**
 * Sorts the tables by how they are compared; those that the destination lacks, in whole or in part, are unfit.
 * @param as the strategy that the result names for the unfit ones; by default that of the table's sort
 */
export function sort(
  tables: readonly Table[],
  there: readonly Table[],
  as?: ValidatedTable['strategy'],
): { keyed: KeyedTable[]; keyless: KeylessTable[]; unfit: Found[] } {
  const destination = new Map(there.map((table) => [table.label, table]));
  const keyed: KeyedTable[] = [];
  const keyless: KeylessTable[] = [];
  const unfit: Found[] = [];
  for (const src of tables) {
    if (src.replicationMethod === 'unavailable') continue;
    const key = src.identityColumns ?? src.primaryKey;
    const strategy = as ?? (key === null ? 'no_pkey_presence' : 'random_100');
    const refuse = (note: string): void => {
      const difference: Difference = { table: src.label, key: {}, missingOn: null, columns: [], note };
      unfit.push({
        row: { name: src.label, strategy, rows_compared: 0, passed: false, mismatch_detail: note },
        differences: [difference],
      });
    };
    const dst = destination.get(src.label);
    if (dst === undefined) {
      refuse('the table is not on the destination');
      continue;
    }
    const names = new Set(dst.columns.map(({ name }) => name));
    const lacking = src.columns.filter(({ name }) => !names.has(name)).map(({ name }) => `"${name}"`);
    if (lacking.length > 0) {
      refuse(`the destination's table lacks columns: ${lacking.join(', ')}`);
      continue;
    }
    const columns = src.columns.map(({ name }) => name);
    if (key === null) keyless.push({ src, dst, columns: src.columns });
    else keyed.push({ src: { table: src, key, columns }, dst: { table: dst, key, columns } });
  }
  return { keyed, keyless, unfit };
}

/** Cuts a list into batches of at most `most`, at least one for each worker. */
function split<T>(list: readonly T[], most: number, workers: number): T[][] {
  const size = Math.max(1, Math.min(most, Math.ceil(list.length / workers)));
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

async function withSessionPairs(
  pair: Pair,
  count: number,
  work: (sessions: Pick<SessionPair, 'src' | 'dst'>) => Promise<void>,
): Promise<void> {
  await pair.withSessions(
    count,
    async ({ src, dst }) => {
      // Keys must be looked up by index, whatever the statistics say.
      const settings = 'SET enable_hashjoin = off; SET enable_mergejoin = off';
      await Promise.all([...src, ...dst].map((session) => session.query(settings)));
      const settled = await Promise.allSettled(src.map((one, index) => work({ src: one, dst: dst[index] as Session })));
      for (const one of settled) if (one.status === 'rejected') throw one.reason;
    },
    { statementTimeout: 0 },
  );
}

/** Puts the rows in order, and makes the error that names the tables that differ. */
export function conclude(schemas: Schemas, found: readonly Found[]): Validation {
  const sorted = [...found].sort(
    (a, b) => compareText(a.row.name, b.row.name) || compareText(b.row.strategy, a.row.strategy),
  );
  const result = { schema_name: schemas.text, tables: sorted.map((one) => one.row) };
  const differences = sorted.flatMap((one) => one.differences);
  const failed = sorted.filter((one) => !one.row.passed);
  if (failed.length === 0) return { result, differences };
  const names = [...new Set(failed.map((one) => one.row.name))];
  const lines = names.map((name) => {
    const detail = failed.find((one) => one.row.name === name)?.row.mismatch_detail ?? '';
    return `table "${name}": ${detail}`;
  });
  const error = new CheckFailedError(
    `${String(names.length)} ${names.length === 1 ? 'table' : 'tables'} of ${schemas.words} ${names.length === 1 ? 'differs' : 'differ'} between source and destination: ${lines.slice(0, 10).join('. ')}${lines.length > 10 ? `. And ${String(lines.length - 10)} more` : ''}`,
    {
      hint: 'Do not let applications write to the destination before you know why. The rows named show where to look.',
      detail: { tables: names, differences: differences.slice(0, 50) },
    },
  );
  return { result, differences, error };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
