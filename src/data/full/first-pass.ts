import { literal } from '../../postgres/quote.js';
import type { Session } from '../../postgres/session.js';
import { Buckets, type DifferingBucket } from './buckets.js';
import { bucketOf, hashedRows, type BlockRange, type FullTable, type SideName } from './full-table.js';
import type { Hashing } from './hashing.js';
import type { Progress } from './progress.js';
import { everyone, type Workers } from './workers.js';

/**
 * Reading tables once on each side, as digests of buckets. Large tables are cut into ranges of blocks, which the sessions
 * of a side share; small ones go together in one statement.
 */

/** What became of a table in the first pass. */
export interface FirstPass {
  readonly table: FullTable;
  readonly rows: Readonly<Record<SideName, number>>;
  /** None when the table is equal. */
  readonly differing: readonly DifferingBucket[];
}

/** From PostgreSQL 14 on a range of blocks is read without reading the rest of the table (TID range scan). */
export const RANGES_SINCE = 14;

/** Ranges of a table, at most: each may send a digest of every bucket. */
const MOST_RANGES = 32;

/**
 * Reads a large table with all the sessions, each side as of one moment: without that, a row that is updated meanwhile
 * could move into a range that has been read already, or be met twice.
 * @param rangeBytes how much a range holds, about
 */
export async function readLarge(
  workers: Workers,
  table: FullTable,
  hashing: Hashing,
  rangeBytes: number,
  progress: Progress,
): Promise<FirstPass> {
  const buckets = { src: new Buckets(table.buckets), dst: new Buckets(table.buckets) };
  const snapshots = await Promise.all([beginSnapshot(workers.src), beginSnapshot(workers.dst)]);
  await Promise.all(
    (['src', 'dst'] as const).map(async (side, place) => {
      const { blocks, bytes } = table.sizes[side];
      const ranges = cut(workers[side], blocks, bytes, rangeBytes);
      const share = bytes / ranges.length;
      await everyone(workers[side], async (session) => {
        for (let range = ranges.shift(); range !== undefined; range = ranges.shift()) {
          await snapshots[place]?.(session);
          const [row] = await session.query<{ digests: string | null }>(digest(table, side, hashing, range));
          buckets[side].add(row?.digests ?? null);
          progress.add(table, share);
        }
      });
      // The first one holds the snapshot for the others.
      for (const session of [...workers[side]].reverse()) await session.endTransaction();
    }),
  );
  return conclude(table, buckets);
}

/** Reads some small tables with one statement a side. */
export async function readSmall(
  { src, dst }: Readonly<Record<SideName, Session>>,
  tables: readonly FullTable[],
  hashing: Hashing,
  progress: Progress,
): Promise<FirstPass[]> {
  const read = async (session: Session, side: SideName): Promise<Buckets[]> => {
    const selects = tables.map(
      (table, place) => `(SELECT ${String(place)} AS place, ${digest(table, side, hashing).slice('SELECT '.length)})`,
    );
    const found = tables.map((table) => new Buckets(table.buckets));
    const rows = await session.query<{ place: number; digests: string | null }>(selects.join(' UNION ALL '));
    for (const { place, digests } of rows) found[place]?.add(digests);
    for (const table of tables) progress.add(table, table.sizes[side].bytes);
    return found;
  };
  const [a, b] = await Promise.all([read(src, 'src'), read(dst, 'dst')]);
  return tables.map((table, place) =>
    conclude(table, { src: a[place] ?? new Buckets(table.buckets), dst: b[place] ?? new Buckets(table.buckets) }),
  );
}

function conclude(table: FullTable, { src, dst }: Record<SideName, Buckets>): FirstPass {
  return { table, rows: { src: src.rows, dst: dst.rows }, differing: src.differing(dst) };
}

/** The statement that gives the digests of all buckets in the form that Buckets.add() takes. */
function digest(table: FullTable, side: SideName, hashing: Hashing, range?: BlockRange | null): string {
  const { k, h, from } = hashedRows(table, side, hashing, range);
  return `SELECT string_agg(concat_ws(' ', g.bucket, g.rows, g.sum), ';') AS digests
    FROM (SELECT ${bucketOf(k, table)} AS bucket, count(*) AS rows, sum(${h}) AS sum FROM ${from} GROUP BY 1) AS g`;
}

/** @returns null in place of a range for the whole table */
function cut(sessions: readonly Session[], blocks: number, bytes: number, rangeBytes: number): (BlockRange | null)[] {
  const most = Math.min(blocks, Math.max(MOST_RANGES, 4 * sessions.length));
  const count = Math.min(most, Math.ceil(bytes / rangeBytes));
  if (count <= 1 || sessions.some(({ major }) => major < RANGES_SINCE)) return [null];
  const size = Math.ceil(blocks / count);
  // The last has no end, for rows that have been added since the table was measured.
  return Array.from({ length: count }, (_, place) => ({
    from: place * size,
    to: place === count - 1 ? null : (place + 1) * size,
  }));
}

/**
 * Begins a transaction with a snapshot in the first session.
 * @returns what takes a session into the same snapshot, if it is not in it already
 */
async function beginSnapshot(sessions: readonly Session[]): Promise<(session: Session) => Promise<void>> {
  const [first, ...others] = sessions;
  const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
  await first?.query(begin);
  const row = await first?.one<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
  const outside = new Set(others);
  return async (session) => {
    if (!outside.delete(session)) return;
    await session.query(`${begin}; SET TRANSACTION SNAPSHOT ${literal(row?.snapshot ?? '')}`);
  };
}
