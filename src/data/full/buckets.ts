/**
 * What one side holds, in buckets: the number of rows in each and the sum of their hashes. A row's bucket follows from
 * its key alone, so equal tables have equal buckets, in whatever order the rows lie and in whatever pieces they were read.
 */
export class Buckets {
  readonly #rows: Float64Array;
  /** Modulo 2^64. */
  readonly #sums: BigUint64Array;

  /** @param count a power of two */
  constructor(readonly count: number) {
    this.#rows = new Float64Array(count);
    this.#sums = new BigUint64Array(count);
  }

  /**
   * Adds a part of the table.
   * @param text `bucket rows sum` for each bucket that is not empty, with semicolons between; null for no rows
   */
  add(text: string | null): void {
    if (text === null) return;
    for (let start = 0; start < text.length;) {
      const end = text.indexOf(';', start);
      const next = end < 0 ? text.length : end;
      const [bucket = '', rows = '', sum = ''] = text.slice(start, next).split(' ');
      const place = Number(bucket);
      this.#rows[place] = (this.#rows[place] ?? 0) + Number(rows);
      this.#sums[place] = (this.#sums[place] ?? 0n) + BigInt.asUintN(64, BigInt(sum));
      start = next + 1;
    }
  }

  /** All rows together. */
  get rows(): number {
    return this.#rows.reduce((sum, rows) => sum + rows, 0);
  }

  /** The buckets that are not the same in both. */
  differing(other: Buckets): DifferingBucket[] {
    const found: DifferingBucket[] = [];
    for (let bucket = 0; bucket < this.count; bucket += 1) {
      const [src, dst] = [this.#rows[bucket] ?? 0, other.#rows[bucket] ?? 0];
      if (src !== dst || this.#sums[bucket] !== other.#sums[bucket]) found.push({ bucket, src, dst });
    }
    return found;
  }
}

/** A bucket, and the rows that each side has in it. */
export interface DifferingBucket {
  readonly bucket: number;
  readonly src: number;
  readonly dst: number;
}

const ROWS_A_BUCKET = 1_500;
/** Where a table has very many rows: the digests of both sides must fit into belt's memory several times. */
const MOST_BUCKETS = 131_072;

/** How many buckets suit so many rows: a power of two. */
export function bucketCount(rows: number): number {
  let count = 1;
  while (count < MOST_BUCKETS && count * ROWS_A_BUCKET < rows) count *= 2;
  return count;
}

/** How many rows differ in these buckets at least: one in each, and as many as one side has more than the other. */
export function leastDiffering(buckets: readonly DifferingBucket[]): number {
  return buckets.reduce((sum, { src, dst }) => sum + Math.max(1, Math.abs(src - dst)), 0);
}
