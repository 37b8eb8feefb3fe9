import { copyColumns, copyRows } from '../data/copy-stream.js';
import { chunkStatement, type ChunkLine } from '../pglogical/copy-journal.js';
import type { Table } from '../postgres/catalog/tables.js';
import { qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import type { Chunk, Piece } from './plan.js';
import type { Rate } from './rate.js';

export interface CopyTable {
  readonly table: Table;
  /** Whether its rows travel in COPY's binary format. */
  readonly binary: boolean;
  readonly bytes: number;
  readonly blocks: number;
}

export interface CopyPieceOptions {
  /** The wave's snapshot, for the journal. */
  readonly lsn: string;
  readonly rate: Rate;
  /** Is told of bytes as they pass, first of 0, and when all of a part has passed. */
  readonly passed: (chunk: Chunk<CopyTable>, bytes: number) => void;
  readonly through: (chunk: Chunk<CopyTable>) => void;
  /** Runs what begins the destination's transaction and takes its locks. */
  readonly begin: (statements: string) => Promise<void>;
}

/**
 * Copies a piece with its lines in the journal, in one transaction of the destination.
 * @throws QueryError or ConnectionError of the side that failed; both sessions must be closed then
 */
export async function copyPiece(
  src: Session,
  dst: Session,
  piece: Piece<CopyTable>,
  { lsn, rate, passed, through, begin }: CopyPieceOptions,
): Promise<void> {
  const names = piece.map(({ table: { table } }) => `ONLY ${qualified(table.schema, table.name)}`);
  // The locks first: whoever has to wait for them has not begun to read.
  await begin(`BEGIN; LOCK TABLE ${names.join(', ')} IN ROW EXCLUSIVE MODE`);
  const lines: ChunkLine[] = [];
  for (const chunk of piece) {
    const { table } = chunk.table;
    passed(chunk, 0);
    lines.push({
      schema: table.schema,
      table: table.name,
      chunk: chunk.number,
      lsn,
      ...(await copyChunk(src, dst, chunk, rate, (bytes) => {
        passed(chunk, bytes);
      })),
    });
    through(chunk);
  }
  await dst.query(`${chunkStatement(lines)}; COMMIT`);
}

async function copyChunk(
  src: Session,
  dst: Session,
  { table: { table, binary }, first, end }: Chunk<CopyTable>,
  rate: Rate,
  passed: (bytes: number) => void,
): Promise<{ rows: number; bytes: number }> {
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
  const rows = await copyRows(src, dst, { table, from, to, binary, through, allowance: () => rate.pauseMs });
  return { rows, bytes };
}
