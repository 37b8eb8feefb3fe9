import type { Column, Table } from '../../postgres/catalog/tables.js';
import type { Label } from '../../postgres/schemas.js';
import type { Session } from '../../postgres/session.js';
import type { KeyedTable } from '../compare-keyed.js';
import type { KeylessTable } from '../compare-keyless.js';
import { fromTable } from '../row-text.js';
import { bucketCount } from './buckets.js';
import type { Hashing, KeyColumn } from './hashing.js';

export type SideName = 'src' | 'dst';

/** How large a table is on one side. */
export interface TableSize {
  /** Blocks of the table itself. */
  readonly blocks: number;
  /** With TOAST and free space map. */
  readonly bytes: number;
}

/** A table that is compared in full. */
export interface FullTable {
  readonly label: Label;
  readonly src: Table;
  readonly dst: Table;
  /** The columns to compare, in the source's order. */
  readonly columns: readonly Column[];
  /** What is needed to look rows up by key; null for a table without key. */
  readonly keyed: KeyedTable | null;
  readonly sizes: Readonly<Record<SideName, TableSize>>;
  /** How many buckets its rows are put into: the same on both sides. */
  readonly buckets: number;
}

/** int8, int2, int4. Source: pg_type.dat. */
const INTEGER_TYPES = [20, 21, 23];

/** An estimate that is right for narrow rows: too many buckets do less harm than too few. */
const BYTES_A_ROW = 100;

/** Puts together what both ways of comparing need. */
export function fullTable(
  table: KeyedTable | KeylessTable,
  sizes: Readonly<Record<SideName, TableSize>>,
  rowsKnown?: number,
): FullTable {
  const keyed = 'table' in table.src ? (table as KeyedTable) : null;
  const { src, dst } = keyed === null ? (table as KeylessTable) : { src: keyed.src.table, dst: keyed.dst.table };
  const rows =
    rowsKnown ??
    Math.max(
      ...[src, dst].map(({ estimatedRows }) => estimatedRows ?? 0),
      ...[sizes.src, sizes.dst].map(({ blocks }) => (blocks * 8192) / BYTES_A_ROW),
    );
  return { label: src.label, src, dst, columns: src.columns, keyed, sizes, buckets: bucketCount(rows) };
}

/** How large the tables are now on one side; the catalog's figures may be old. */
export async function readSizes(session: Session, tables: readonly Table[]): Promise<TableSize[]> {
  const rows = await session.query<{ blocks: number | null; bytes: number | null }>(
    `SELECT (pg_relation_size(oid) / current_setting('block_size')::int8)::float8 AS blocks,
            pg_table_size(oid)::float8 AS bytes
     FROM unnest($1::oid[]) WITH ORDINALITY AS t (oid, place) ORDER BY place`,
    [tables.map(({ oid }) => oid)],
  );
  return rows.map(({ blocks, bytes }) => ({ blocks: blocks ?? 0, bytes: bytes ?? 0 }));
}

/** Blocks from `from` to before `to`; null for the end of the table, wherever it is by then. */
export interface BlockRange {
  readonly from: number;
  readonly to: number | null;
}

/**
 * SQL for the key's hash `k` and the row's hash `h`, and what follows FROM; without key the row's hash is both.
 * @param range only the rows in these blocks
 */
export function hashedRows(
  table: FullTable,
  side: SideName,
  hashing: Hashing,
  range?: BlockRange | null,
): { k: string; h: string; from: string } {
  const from = `${fromTable(table[side])} AS t${range === undefined || range === null ? '' : ` WHERE ${within(range)}`}`;
  const row = hashing.row('t', table.columns);
  if (table.keyed !== null) return { k: hashing.key('t', keyColumns(table)), h: row, from };
  // OFFSET 0 keeps the hash from being computed twice.
  return { k: 'r.h', h: 'r.h', from: `(SELECT ${row} AS h FROM ${from} OFFSET 0) AS r` };
}

function keyColumns({ keyed }: FullTable): KeyColumn[] {
  if (keyed === null) return [];
  return keyed.src.key.map((name) => {
    const types = [keyed.src, keyed.dst].map(
      ({ table }) => table.columns.find((column) => column.name === name)?.typeOid,
    );
    return { name, integer: types.every((oid) => INTEGER_TYPES.includes(oid ?? 0)) };
  });
}

function within({ from, to }: BlockRange): string {
  const end = to === null ? '' : ` AND t.ctid < '(${String(to)},0)'::tid`;
  return `t.ctid >= '(${String(from)},0)'::tid${end}`;
}

/** The bucket of a row whose key has the hash `k`. */
export function bucketOf(k: string, { buckets }: FullTable): string {
  return `(${k} & ${String(buckets - 1)})`;
}
