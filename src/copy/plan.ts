/** How the tables are cut into pieces, and in which order these are copied. No database in here. */

export interface PlannedTable {
  /** Bytes of rows, with TOAST, without indexes. */
  readonly bytes: number;
  /** Blocks of the table itself. */
  readonly blocks: number;
}

/** A piece of a table: its blocks from `first` up to, but without, `end`; null for all that there are. */
export interface Chunk<T extends PlannedTable> {
  readonly table: T;
  /** Its place in the table, from 0. */
  readonly number: number;
  readonly first: number;
  readonly end: number | null;
  /** About how many bytes it holds. */
  readonly bytes: number;
}

/** What is copied in one transaction: a piece of a big table, or some small tables, which would each cost as much. */
export type Piece<T extends PlannedTable> = readonly Chunk<T>[];

export interface PlanOptions {
  /** The size of a piece. */
  readonly chunkBytes: number;
  /** Whether the source can read a range of blocks without reading the others (PostgreSQL 14 and newer). */
  readonly canSplit: boolean;
}

const PIECE = { least: 8 * 1024 * 1024, most: 128 * 1024 * 1024, forEach: 32 } as const;

/**
 * The size of pieces, in bytes: so many for each worker that none is left alone with a long one at the end, and none so small
 * that beginning it takes longer than copying it.
 */
export function pieceBytes(tables: readonly PlannedTable[], workers: number): number {
  const all = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.min(PIECE.most, Math.max(PIECE.least, all / (workers * PIECE.forEach)));
}

/**
 * Cuts the tables that are bigger than a piece, and sorts: the biggest tables first, so that no worker is left with one at
 * the end. The last piece of a table is open-ended.
 */
export function planChunks<T extends PlannedTable>(
  tables: readonly T[],
  { chunkBytes, canSplit }: PlanOptions,
): Chunk<T>[] {
  return [...tables]
    .sort((a, b) => b.bytes - a.bytes)
    .flatMap((table) => {
      const wanted = canSplit ? Math.ceil(table.bytes / chunkBytes) : 1;
      // A table of few blocks with all its bytes in TOAST is cut by its blocks, too.
      const pieces = Math.max(1, Math.min(wanted, table.blocks));
      const step = Math.max(1, Math.ceil(table.blocks / pieces));
      const count = Math.max(1, Math.ceil(table.blocks / step));
      return Array.from({ length: count }, (_, number) => ({
        table,
        number,
        first: number * step,
        end: number === count - 1 ? null : (number + 1) * step,
        bytes: table.bytes / count,
      }));
    });
}

/** Tables up to this size go together, up to so many and so many bytes in all. */
const SMALL_BYTES = 512 * 1024;
const TOGETHER = { tables: 40, bytes: 8 * 1024 * 1024 };

/**
 * Puts small tables together. The order stays: small ones are at the end.
 * @param workers with fewer pieces than that, some workers would have nothing to do
 */
export function gatherSmall<T extends PlannedTable>(chunks: readonly Chunk<T>[], workers: number): Piece<T>[] {
  const small = chunks.filter(isSmall);
  const most = Math.max(1, Math.min(TOGETHER.tables, Math.ceil(small.length / workers)));
  const pieces: Chunk<T>[][] = chunks.filter((chunk) => !isSmall(chunk)).map((chunk) => [chunk]);
  let together: Chunk<T>[] = [];
  let bytes = 0;
  for (const chunk of small) {
    if (together.length === most || (together.length > 0 && bytes + chunk.bytes > TOGETHER.bytes)) {
      pieces.push(together);
      together = [];
      bytes = 0;
    }
    together.push(chunk);
    bytes += chunk.bytes;
  }
  return together.length === 0 ? pieces : [...pieces, together];
}

function isSmall({ number, end, bytes }: Chunk<PlannedTable>): boolean {
  return number === 0 && end === null && bytes <= SMALL_BYTES;
}
