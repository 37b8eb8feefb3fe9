import type { Column, Table } from '../postgres/catalog/tables.js';
import { ident } from '../postgres/quote.js';
import type { Label } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import type { Comparison, SessionPair } from './compare-keyed.js';
import type { Difference } from './differences.js';
import { detailArrays, type RowDetail } from './keyed-rows.js';
import { countRows } from './row-counts.js';
import { fromTable, randomRows, rowHash, SAMPLE_STAGES, sampleRate, valueOrNull } from './row-text.js';

/**
 * Comparing tables without key: both sides must have as many rows, and each sampled row of the source must be on the
 * destination, as many times at least as it was sampled.
 */

export interface KeylessTable {
  readonly src: Table;
  readonly dst: Table;
  /** The columns to compare, in the source's order. */
  readonly columns: readonly Column[];
}

/**
 * Types by whose equality rows are sought before any row is turned into text, by OID: built in, cheap, and equal for
 * equal text. Source: pg_type.dat.
 */
const FILTER_TYPES: ReadonlyMap<number, string> = new Map([
  [20, 'int8'],
  [21, 'int2'],
  [23, 'int4'],
  [25, 'text'],
  [26, 'oid'],
  [700, 'float4'],
  [701, 'float8'],
  [1042, 'bpchar'],
  [1043, 'varchar'],
  [1082, 'date'],
  [1083, 'time'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
  [1186, 'interval'],
  [1700, 'numeric'],
  [2950, 'uuid'],
  [17, 'bytea'],
]);

/** How many columns may serve as filter, and the longest value that one may hold. */
const FILTER_COLUMNS = 8;
const FILTER_LENGTH = 200;

/** Rows that differ are told one by one up to this many in a table. */
const DETAILED_ROWS = 5;

/**
 * Below this size a table is read once, and the hashes of all rows that pass the filter travel; above it is read twice
 * (by parallel workers), and the server sorts out the hashes sought.
 */
const ONE_SCAN_BYTES = 16 * 1024 * 1024;

/** Rows of the destination among which the one most like a lost row is sought. */
const CANDIDATE_ROWS = 50;

interface SampledRow {
  readonly hash: string;
  /** The values of the filter columns; null for NULL. */
  readonly values: readonly (string | null)[];
}

interface Filter {
  readonly column: Column;
  readonly index: number;
}

interface Plan {
  readonly table: KeylessTable;
  readonly rows: readonly SampledRow[];
  readonly filters: readonly Filter[];
}

interface Counts {
  readonly total: number;
  /** How many times each sampled row is there, by its hash. */
  readonly times: ReadonlyMap<string, number>;
}

/**
 * Compares a batch of tables with two statements on the source and one on the destination.
 * @param known how many rows the source has, by label, as far as it is known: those tables are not counted again
 */
export async function compareKeyless(
  sessions: SessionPair,
  tables: readonly KeylessTable[],
  limit: number,
  known: ReadonlyMap<Label, number>,
): Promise<Comparison[]> {
  const samples = await sampleRows(sessions.src, tables, limit);
  const plans = tables.map((table, place) => plan(table, samples[place] ?? []));
  const [totals, destination] = await Promise.all([
    countRows(
      sessions.src,
      tables.map(({ src }) => src).filter(({ label }) => !known.has(label)),
    ),
    countSampled(sessions.dst, plans),
  ]);
  const comparisons: Comparison[] = [];
  for (const [place, one] of plans.entries()) {
    const dst = destination[place];
    if (dst === undefined) continue;
    const { label } = one.table.src;
    const src: Counts = { total: known.get(label) ?? totals.get(label) ?? 0, times: countHashes(one.rows) };
    const wrong = uniqueRows(one.rows).filter(({ hash }) => (dst.times.get(hash) ?? 0) < (src.times.get(hash) ?? 0));
    const differences: Difference[] = [];
    for (const row of wrong.slice(0, DETAILED_ROWS)) differences.push(await explain(sessions, one, row, src, dst));
    if (src.total !== dst.total) {
      const note = `the source has ${String(src.total)} rows, the destination ${String(dst.total)}`;
      differences.unshift({ table: label, key: {}, missingOn: null, columns: [], note });
    }
    comparisons.push({
      compared: one.rows.length,
      differing: wrong.length + (src.total === dst.total ? 0 : 1),
      differences,
    });
  }
  return comparisons;
}

function filterColumns({ columns, dst }: KeylessTable): Column[] {
  // The same filter must do on both sides.
  const there = new Map(dst.columns.map(({ name, typeOid }) => [name, typeOid]));
  return columns
    .filter(({ name, typeOid }) => FILTER_TYPES.has(typeOid) && there.get(name) === typeOid)
    .slice(0, FILTER_COLUMNS);
}

async function sampleRows(session: Session, tables: readonly KeylessTable[], limit: number): Promise<SampledRow[][]> {
  const samples = tables.map((): SampledRow[] => []);
  let wanted = tables.map((table, place) => ({ table, place }));
  for (const blocks of SAMPLE_STAGES) {
    if (wanted.length === 0) break;
    const selects = wanted.map(({ table, place }) => {
      const values = filterColumns(table).map(
        ({ name }) => `left(${valueOrNull('q', name)}, ${String(FILTER_LENGTH + 1)})`,
      );
      return `(SELECT ${String(place)} AS place, ${blocks === null ? 'false' : `${sampleRate(table.src, blocks)} < 100`} AS partial,
        json_agg(json_build_array(${rowHash('q', table.columns)}, ARRAY[${values.join(', ')}]::text[])) AS rows
        FROM (${randomRows(table.src, limit, blocks)}) AS q)`;
    });
    const again: typeof wanted = [];
    const found = await session.query<{
      place: number;
      partial: boolean;
      rows: [string, (string | null)[]][] | null;
    }>(selects.join(' UNION ALL '));
    for (const { place, partial, rows } of found) {
      samples[place] = (rows ?? []).map(([hash, values]) => ({ hash, values }));
      const table = tables[place];
      if (partial && (rows?.length ?? 0) < limit && table !== undefined) again.push({ table, place });
    }
    wanted = again;
  }
  return samples;
}

/** Chooses the columns that tell the sampled rows apart best, so that few other rows must be turned into text. */
function plan(table: KeylessTable, rows: readonly SampledRow[]): Plan {
  const filters = filterColumns(table)
    .map((column, index) => {
      const values = rows.map((row) => row.values[index] ?? null);
      const usable = values.every((value) => value === null || value.length <= FILTER_LENGTH);
      return { column, index, usable, distinct: new Set(values).size };
    })
    .filter(({ usable }) => usable)
    .sort((a, b) => b.distinct - a.distinct);
  const [best] = filters;
  // One that is different in every row is enough; several that are not help each other.
  const enough = best !== undefined && best.distinct >= rows.length * 0.9 ? 1 : 3;
  return { table, rows, filters: filters.slice(0, enough) };
}

function countHashes(rows: readonly SampledRow[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { hash } of rows) times.set(hash, (times.get(hash) ?? 0) + 1);
  return times;
}

/** Counts all rows of each table on the destination, and how many times each sampled row is there. */
async function countSampled(session: Session, plans: readonly Plan[]): Promise<Counts[]> {
  if (plans.length === 0) return [];
  const parameters: string[][] = [];
  const bind = (values: string[]): string => {
    parameters.push(values);
    return `$${String(parameters.length)}`;
  };
  const selects = plans.map(({ table, rows, filters }, place) => {
    const from = fromTable(table.dst);
    const conditions = filters.map(({ column, index }) =>
      condition(
        't',
        column,
        rows.map(({ values }) => values[index] ?? null),
        bind,
      ),
    );
    const hashes = bind([...new Set(rows.map(({ hash }) => hash))]);
    const hash = rowHash('t', table.columns);
    if (table.dst.bytes < ONE_SCAN_BYTES) {
      return `(SELECT ${String(place)} AS place, count(*) AS total,
        json_agg(${hash})${conditions.length === 0 ? '' : ` FILTER (WHERE ${conditions.join(' AND ')})`} AS hashes, NULL::json AS times
        FROM ${from} AS t WHERE ${hashes}::text[] IS NOT NULL)`;
    }
    // OFFSET 0 keeps the hash from being computed where the cheap conditions fail, and from being computed twice.
    return `(SELECT ${String(place)} AS place, (SELECT count(*) FROM ${from}) AS total, NULL::json AS hashes,
      (SELECT json_object_agg(g.h, g.n)
       FROM (SELECT f.h, count(*) AS n
             FROM (SELECT ${hash} AS h FROM ${from} AS t${where(conditions)} OFFSET 0) AS f
             WHERE f.h = ANY (${hashes}::text[]) GROUP BY f.h) AS g) AS times)`;
  });
  const found = await session.query<{
    place: number;
    total: string;
    hashes: string[] | null;
    times: Record<string, number> | null;
  }>(selects.join(' UNION ALL '), parameters);
  const counts: Counts[] = [];
  for (const { place, total, hashes, times } of found) {
    const byHash = new Map(Object.entries(times ?? {}));
    for (const hash of hashes ?? []) byHash.set(hash, (byHash.get(hash) ?? 0) + 1);
    counts[place] = { total: Number(total), times: byHash };
  }
  return counts;
}

/** A condition that every row with one of the values meets. */
function condition(
  alias: string,
  column: Column,
  values: readonly (string | null)[],
  bind: (values: string[]) => string,
): string {
  const known = [...new Set(values)].filter((value) => value !== null);
  const name = `${alias}.${ident(column.name)}`;
  const type = FILTER_TYPES.get(column.typeOid) ?? 'text';
  return `(${name} = ANY (${bind(known)}::${type}[])${values.includes(null) ? ` OR ${name} IS NULL` : ''})`;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

function uniqueRows(rows: readonly SampledRow[]): SampledRow[] {
  return [...new Map(rows.map((row) => [row.hash, row])).values()];
}

/** Says what became of a row of the source: gone, there another number of times, or changed, and in which columns. */
async function explain(
  sessions: SessionPair,
  { table, filters }: Plan,
  row: SampledRow,
  source: Counts,
  destination: Counts,
): Promise<Difference> {
  const [here, there] = [source.times.get(row.hash) ?? 0, destination.times.get(row.hash) ?? 0];
  const key = Object.fromEntries(filters.map(({ column, index }) => [column.name, row.values[index] ?? null]));
  const told: Difference = {
    table: table.src.label,
    key,
    missingOn: there === 0 ? 'dst' : null,
    columns: [],
    note:
      there === 0
        ? null
        : `the row is ${String(here)} times on the source at least, ${String(there)} times on the destination`,
  };
  if (there > 0) return told;
  const names = table.columns.map(({ name }) => name);
  const [[original], candidates] = await Promise.all([
    readLike(sessions.src, table.src, table, names, row, filters, row.hash),
    readLike(sessions.dst, table.dst, table, names, row, filters, null),
  ]);
  if (original === undefined) return told;
  const best = candidates
    .map((candidate) =>
      names.map((_, index) => index).filter((index) => candidate.hashes[index] !== original.hashes[index]),
    )
    .map((indexes, place) => ({ indexes, candidate: candidates[place] }))
    .sort((a, b) => a.indexes.length - b.indexes.length)[0];
  if (best?.candidate === undefined || best.indexes.length === names.length) return told;
  const { indexes, candidate } = best;
  return {
    ...told,
    columns: indexes.map((index) => ({
      name: names[index] ?? '',
      src: original.values[index] ?? null,
      dst: candidate.values[index] ?? null,
    })),
    note: 'compared with the row most like it',
  };
}

/** Rows of one side that share a filter column's value with the row, or the row itself when its hash is given. */
async function readLike(
  session: Session,
  side: Table,
  table: KeylessTable,
  names: readonly string[],
  row: SampledRow,
  filters: readonly Filter[],
  hash: string | null,
): Promise<RowDetail[]> {
  const parameters: string[][] = [];
  const bind = (values: string[]): string => {
    parameters.push(values);
    return `$${String(parameters.length)}`;
  };
  const likes = filters.map(({ column, index }) => condition('t', column, [row.values[index] ?? null], bind));
  const conditions =
    hash === null
      ? [likes.length === 0 ? 'true' : `(${likes.join(' OR ')})`]
      : [...likes, `${rowHash('t', table.columns)} = ANY (${bind([hash])}::text[])`];
  const { values, hashes } = detailArrays('t', names);
  return session.query<{ values: (string | null)[]; hashes: (string | null)[] }>(
    `SELECT to_json(${values}) AS values, to_json(${hashes}) AS hashes
     FROM ${fromTable(side)} AS t${where(conditions)} LIMIT ${String(hash === null ? CANDIDATE_ROWS : 1)}`,
    parameters,
  );
}
