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

export interface PlanOptions {
  /** The size of a piece. */
  readonly chunkBytes: number;
  /** Whether the source can read a range of blocks without reading the others (PostgreSQL 14 and newer). */
  readonly canSplit: boolean;
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
