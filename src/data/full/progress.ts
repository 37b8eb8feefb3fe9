import { formatBytes } from '../../bytes.js';
import type { FullTable } from './full-table.js';

/** How much has been read, of all tables and of the one at work; tells it at most a few times a second. */
export class Progress {
  readonly #total: number;
  readonly #read = new Map<FullTable, number>();
  #done = 0;
  #tables = 0;
  #rows = 0;
  #told = 0;

  constructor(
    private readonly tables: readonly FullTable[],
    private readonly tell: ((text: string) => void) | undefined,
  ) {
    this.#total = tables.reduce((sum, table) => sum + bytesOf(table), 0);
  }

  /** So many bytes more of a table have been read, on either side. */
  add(table: FullTable, bytes: number): void {
    this.#done += bytes;
    const read = (this.#read.get(table) ?? 0) + bytes;
    this.#read.set(table, read);
    const part = Math.floor((100 * read) / Math.max(1, bytesOf(table)));
    this.#show(`"${table.label}" ${String(Math.min(100, part))} %`);
  }

  /** A table has been read on both sides. */
  finish(table: FullTable, rows: number): void {
    this.#tables += 1;
    this.#rows += rows;
    this.#read.delete(table);
    this.#show(`"${table.label}" done`);
  }

  #show(what: string): void {
    const now = performance.now();
    if (now - this.#told < INTERVAL_MS) return;
    this.#told = now;
    // Both sides together: the one that is slower decides when it ends.
    this.tell?.(
      `${what}; ${formatBytes(this.#done)} of ${formatBytes(this.#total)}, ` +
        `${String(this.#tables)} of ${String(this.tables.length)} tables, ${String(this.#rows)} rows`,
    );
  }
}

const INTERVAL_MS = 200;

function bytesOf({ sizes }: FullTable): number {
  return sizes.src.bytes + sizes.dst.bytes;
}
