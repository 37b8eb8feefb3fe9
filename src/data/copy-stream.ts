import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { BeltError, InterruptedError } from '../errors.js';
import type { Column, Table } from '../postgres/catalog/tables.js';
import { queryError } from '../postgres/failures.js';
import { ident, qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { watched } from '../postgres/silence.js';
import { CopyOut } from './copy-out.js';

/**
 * Types whose binary form every major version reads alike, by OID: those that come with PostgreSQL and hold neither
 * OIDs (regclass) nor text to parse (xml); arrays and ranges of such types, too. An array of a type of the user's own, and a
 * composite type, hold OIDs that differ between servers. Source: pg_type.dat.
 */
const BINARY_TYPES: ReadonlySet<number> = new Set([
  16, 17, 18, 19, 20, 21, 23, 25, 700, 701, 1700, 1042, 1043, 114, 3802, 2950, 1082, 1083, 1266, 1114, 1184, 1186, 869,
  650, 829, 774, 1560, 1562, 600, 601, 602, 603, 604, 628, 718, 3614, 1000, 1001, 1002, 1003, 1005, 1007, 1009, 1014,
  1015, 1016, 1021, 1022, 1231, 199, 3807, 2951, 1182, 1183, 1270, 1115, 1185, 1187, 1041, 651, 3904, 3906, 3908, 3910,
  3912, 3926,
]);

/** Whether a table can be copied in COPY's binary format, which is the faster one: same types on both sides, all known. */
export function canCopyBinary(columns: readonly Column[], destination: readonly Column[]): boolean {
  const types = new Map(destination.map(({ name, type }) => [name, type]));
  return columns.every(({ name, type, binaryOid }) => BINARY_TYPES.has(binaryOid) && types.get(name) === type);
}

/** The statement's columns of a table: generated ones are computed anew; without columns at all there is no list to write. */
export function copyColumns(table: Table): string[] {
  return table.columns.filter(({ generated }) => !generated).map(({ name }) => ident(name));
}

/**
 * Copies a table's rows from one session to the other, as one statement a side: all of them or none.
 * @returns how many rows were copied
 * @throws as copyRows()
 */
export async function copyTable(src: Session, dst: Session, table: Table, binary: boolean): Promise<number> {
  const columns = copyColumns(table);
  const target = qualified(table.schema, table.name) + (columns.length === 0 ? '' : ` (${columns.join(', ')})`);
  return copyRows(src, dst, { table, from: target, to: target, binary });
}

export interface CopyStatement {
  readonly table: Pick<Table, 'schema' | 'name'>;
  /** What stands behind COPY on the source: a table with its columns, or a query in brackets. */
  readonly from: string;
  /** The same for the destination. */
  readonly to: string;
  readonly binary: boolean;
  /** What the bytes go through on their way. */
  readonly through?: Duplex;
  /** Milliseconds for which that may hold them up. */
  readonly allowance?: () => number;
}

const BUFFER_BYTES = 1 << 20;
const BINARY = ' WITH (FORMAT binary)';

/**
 * Streams rows from one session to the other. Memory does not grow with the table or the row.
 * @returns how many rows were copied
 * @throws QueryError or ConnectionError of the side that failed; the sessions must be closed then, since the other
 *   side may be in the middle of a COPY
 */
export async function copyRows(
  src: Session,
  dst: Session,
  { table, from, to, binary, through, allowance }: CopyStatement,
): Promise<number> {
  const { reader, writer } = await stream(src, dst, { from, to, format: binary ? BINARY : '', through, allowance });
  const written = writer.rowCount;
  // The data may have come through before the source's own count did; a statement waits until its COPY has ended.
  if (reader.rowCount !== written) await src.query('SELECT');
  const read = reader.rowCount;
  if (read !== written) {
    throw new BeltError(
      `table "${table.schema}"."${table.name}": the source gave ${String(read)} rows, the destination stored ${String(written)}`,
      {
        hint: 'Look for a trigger (ENABLE ALWAYS or ENABLE REPLICA) on the destination that drops rows, then empty the table there and run the command again.',
        detail: { side: 'dst', table: table.name, source_rows: read, destination_rows: written },
      },
    );
  }
  return written;
}

/**
 * Streams what a query gives, in COPY's binary format, into a table of the other session.
 * @param target the table and its columns, as COPY wants them
 * @throws QueryError or ConnectionError of the side that failed; the sessions must be closed then
 */
export async function copyQuery(src: Session, dst: Session, query: string, target: string): Promise<void> {
  await stream(src, dst, { from: `(${query})`, to: target, format: BINARY });
}

interface Streamed {
  readonly from: string;
  readonly to: string;
  readonly format: string;
  readonly through?: Duplex | undefined;
  readonly allowance?: (() => number) | undefined;
}

/** @throws QueryError or ConnectionError of the side that failed */
async function stream(src: Session, dst: Session, { from, to, format, through, allowance }: Streamed) {
  const reader = src.client.query(new CopyOut(`COPY ${from} TO STDOUT${format}`));
  const writer = dst.client.query(copyFrom(`COPY ${to} FROM STDIN${format}`, { highWaterMark: BUFFER_BYTES }));
  // The first to fail is the cause; the pipeline then tears down the other one.
  let failed: Session | undefined;
  reader.once('error', () => (failed ??= src));
  writer.once('error', () => (failed ??= dst));
  const all = through === undefined ? [reader, writer] : [reader, through, writer];
  try {
    await watched([src, dst], () => pipeline(all), allowance);
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    throw queryError(error, (failed ?? dst).address);
  }
  return { reader, writer };
}
