import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { BeltError } from '../errors.js';
import type { Table } from '../postgres/catalog/tables.js';
import { queryError } from '../postgres/failures.js';
import { ident, qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { chunkStatement } from '../pglogical/copy-journal.js';
import type { Chunk } from './plan.js';
import type { Rate } from './rate.js';

export interface CopyTable {
  readonly table: Table;
  readonly binary: boolean;
  readonly bytes: number;
  readonly blocks: number;
}

const BUFFER_BYTES = 1 << 20;

/**
 * Copies a piece of a table, with its line in the journal, in one transaction of the destination.
 * @param passed is told of bytes as they pass
 * @throws QueryError or ConnectionError of the side that failed; both sessions must be closed then
 */
export async function copyChunk(
  src: Session,
  dst: Session,
  { table: { table, binary }, number, first, end }: Chunk<CopyTable>,
  rate: Rate,
  passed: (bytes: number) => void,
): Promise<{ rows: number; bytes: number }> {
  // Generated columns are computed anew by the destination.
  const columns = table.columns.filter(({ generated }) => !generated).map(({ name }) => ident(name));
  const name = qualified(table.schema, table.name);
  const list = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
  const format = binary ? ' WITH (FORMAT binary)' : '';
  const whole = first === 0 && end === null;
  const range = [`ctid >= '(${String(first)},0)'::tid`, ...(end === null ? [] : [`ctid < '(${String(end)},0)'::tid`])];
  const from = whole
    ? `${name}${list}`
    : `(SELECT ${columns.join(', ')} FROM ONLY ${name} WHERE ${range.join(' AND ')})`;
  await dst.query('BEGIN');
  const reader = src.client.query(copyTo(`COPY ${from} TO STDOUT${format}`));
  const writer = dst.client.query(copyFrom(`COPY ${name}${list} FROM STDIN${format}`, { highWaterMark: BUFFER_BYTES }));
  let bytes = 0;
  let failed: Session | undefined;
  reader.once('error', () => (failed ??= src));
  writer.once('error', () => (failed ??= dst));
  try {
    await pipeline(
      reader,
      rate.stream((piece) => {
        bytes += piece;
        passed(piece);
      }),
      writer,
    );
  } catch (error) {
    throw queryError(error, (failed ?? dst).address);
  }
  const rows = writer.rowCount;
  if (reader.rowCount !== rows) await src.query('SELECT');
  if (reader.rowCount !== rows) {
    throw new BeltError(
      `table ${name}: the source gave ${String(reader.rowCount)} rows, the destination stored ${String(rows)}`,
      {
        hint: 'Look for a trigger (ENABLE ALWAYS or ENABLE REPLICA) on the destination that drops rows, disable it until the migration is over, and run the same command again.',
        detail: { side: 'dst', table: table.name, source_rows: reader.rowCount, destination_rows: rows },
      },
    );
  }
  await dst.query(`${chunkStatement(table.schema, table.name, number, { rows, bytes })}; COMMIT`);
  return { rows, bytes };
}
