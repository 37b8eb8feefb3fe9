import { copyColumns, copyRows } from '../data/copy-stream.js';
import { chunkStatement } from '../pglogical/copy-journal.js';
import type { Table } from '../postgres/catalog/tables.js';
import { qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import type { Chunk } from './plan.js';
import type { Rate } from './rate.js';

export interface CopyTable {
  readonly table: Table;
  /** Whether its rows travel in COPY's binary format. */
  readonly binary: boolean;
  readonly bytes: number;
  readonly blocks: number;
}

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
): Promise<void> {
  const columns = copyColumns(table);
  const name = qualified(table.schema, table.name);
  const to = name + (columns.length === 0 ? '' : ` (${columns.join(', ')})`);
  const range = [`ctid >= '(${String(first)},0)'::tid`, ...(end === null ? [] : [`ctid < '(${String(end)},0)'::tid`])];
  const from =
    first === 0 && end === null ? to : `(SELECT ${columns.join(', ')} FROM ONLY ${name} WHERE ${range.join(' AND ')})`;
  let bytes = 0;
  const through = rate.stream((piece) => {
    bytes += piece;
    passed(piece);
  });
  await dst.query('BEGIN');
  const rows = await copyRows(src, dst, { table, from, to, binary, through });
  await dst.query(`${chunkStatement(table.schema, table.name, number, { rows, bytes })}; COMMIT`);
}
