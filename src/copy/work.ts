import type { Label } from '../postgres/schemas.js';
import type { CopyTable } from './chunk.js';
import type { Piece } from './plan.js';

/** What is still to be copied. */
export class Work {
  /** What nobody has taken, by the piece's table (the first of small ones), in the order in which they are to be begun. */
  readonly #waiting = new Map<CopyTable | undefined, Piece<CopyTable>[]>();
  /** How many are at work on it. */
  readonly #busy = new Map<CopyTable | undefined, number>();
  /** The pieces that each table is in. */
  readonly #of = new Map<CopyTable, Piece<CopyTable>[]>();
  /** How many of them are still to come. */
  readonly #left = new Map<CopyTable, number>();
  /** The pieces that are still to come, waiting or at work. */
  readonly #open = new Set<Piece<CopyTable>>();

  constructor(pieces: readonly Piece<CopyTable>[]) {
    for (const piece of pieces) this.#put(piece);
    for (const piece of pieces)
      for (const { table } of piece) this.#of.set(table, [...(this.#of.get(table) ?? []), piece]);
    for (const [table, its] of this.#of) this.#left.set(table, its.length);
  }

  /** Whether there is a piece that nobody has taken. */
  get some(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * The next piece: of the table that is the biggest for those who are at work on it. Several sessions that fill one table
   * wait for each other where it grows, but one alone with the biggest would be left with it at the end; and the keys of a
   * table that is done early are built while others are copied.
   */
  next(): Piece<CopyTable> | undefined {
    let best: { table: CopyTable | undefined; busy: number; share: number } | undefined;
    for (const table of this.#waiting.keys()) {
      const busy = this.#busy.get(table) ?? 0;
      const share = (table?.bytes ?? 0) / (busy + 1);
      if (best === undefined || share > best.share) best = { table, busy, share };
      // They come by size.
      if (busy === 0) break;
    }
    if (best === undefined) return undefined;
    const pieces = this.#waiting.get(best.table);
    const piece = pieces?.shift();
    if (pieces?.length === 0) this.#waiting.delete(best.table);
    this.#busy.set(best.table, best.busy + 1);
    return piece;
  }

  #put(piece: Piece<CopyTable>): void {
    this.#open.add(piece);
    const table = piece[0]?.table;
    const pieces = this.#waiting.get(table) ?? [];
    pieces.push(piece);
    this.#waiting.set(table, pieces);
  }

  /** The tables that have nothing to come after this piece. */
  completedBy(piece: Piece<CopyTable>): CopyTable[] {
    this.#open.delete(piece);
    const first = piece[0]?.table;
    this.#busy.set(first, (this.#busy.get(first) ?? 1) - 1);
    return piece.flatMap(({ table }) => {
      const left = (this.#left.get(table) ?? 0) - 1;
      this.#left.set(table, left);
      return left === 0 ? [table] : [];
    });
  }

  /**
   * Has those pieces of the tables copied again that the journal lacks. What was put back before, and is not copied yet,
   * is not put back twice.
   * @param noted the numbers in the journal, by the table's label
   * @returns the pieces that are lost, and those of them that were put back now
   */
  again(
    tables: readonly CopyTable[],
    noted: ReadonlyMap<Label, ReadonlySet<number>>,
  ): { readonly lost: readonly Piece<CopyTable>[]; readonly put: readonly Piece<CopyTable>[] } {
    const lost = new Set<Piece<CopyTable>>();
    for (const table of tables)
      for (const piece of this.#of.get(table) ?? []) {
        const missing = piece.some(
          (chunk) => chunk.table === table && noted.get(table.table.label)?.has(chunk.number) !== true,
        );
        if (missing) lost.add(piece);
      }
    const put = [...lost].filter((piece) => !this.#open.has(piece));
    for (const piece of put) {
      this.#put(piece);
      for (const { table } of piece) this.#left.set(table, (this.#left.get(table) ?? 0) + 1);
    }
    return { lost: [...lost], put };
  }
}
