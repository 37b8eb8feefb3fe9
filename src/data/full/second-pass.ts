import type { Session } from '../../postgres/session.js';
import { valueText } from '../row-text.js';
import { leastDiffering, type DifferingBucket } from './buckets.js';
import { bucketOf, hashedRows, type FullTable, type SideName } from './full-table.js';
import type { Hashing } from './hashing.js';

/**
 * Finding the rows that differ: both sides send key, key hash and row hash of the rows in buckets that differ, sorted by
 * key hash, and belt walks through both at the same pace. It never holds more than a page of each.
 */

/** Rows, or kinds of rows, that differ. */
export interface Suspects {
  /** Keys as JSON, of a table with key; not more than asked for. */
  readonly keys: readonly string[];
  /** Of a table without key: the hashes of rows, and how often they are there; not more than asked for. */
  readonly rows: readonly SuspectRow[];
  /** How many rows differ; more than are listed, maybe. */
  readonly differing: number;
  /** Whether `differing` is all of them: otherwise there are more. */
  readonly exact: boolean;
}

export interface SuspectRow {
  readonly hash: string;
  readonly src: number;
  readonly dst: number;
}

/** Rows that are read before belt looks whether it has seen enough. */
const ROWS_AT_ONCE = 50_000;
const PAGE = 500;

/**
 * Reads buckets until there are as many suspects as wanted, or all buckets are read.
 * @param most suspects to list
 */
export async function findSuspects(
  sessions: Readonly<Record<SideName, Session>>,
  table: FullTable,
  buckets: readonly DifferingBucket[],
  hashing: Hashing,
  most: number,
): Promise<Suspects> {
  const keys: string[] = [];
  const rows: SuspectRow[] = [];
  let differing = 0;
  let rest = [...buckets];
  while (rest.length > 0 && keys.length + rows.length < most) {
    const batch = rest.slice(0, batchLength(rest, most - keys.length - rows.length));
    rest = rest.slice(batch.length);
    const lost = { src: 0, dst: 0 };
    for await (const group of differingGroups(sessions, table, batch, hashing)) {
      if (table.keyed !== null) {
        const found = suspectKeys(group);
        differing += found.length;
        keys.push(...found.slice(0, most - keys.length));
      } else {
        const one = { hash: group.k, src: Number(group.src[0]?.h ?? 0), dst: Number(group.dst[0]?.h ?? 0) };
        lost.src += Math.max(0, one.dst - one.src);
        lost.dst += Math.max(0, one.src - one.dst);
        if (rows.length < most) rows.push(one);
      }
    }
    // A row that was changed is lost on one side, and too many on the other.
    differing += Math.max(lost.src, lost.dst);
  }
  return { keys, rows, differing: differing + leastDiffering(rest), exact: rest.length === 0 };
}

/** As many buckets as rows are wanted, since each holds one at least, or more where they are small. */
function batchLength(buckets: readonly DifferingBucket[], wanted: number): number {
  let rows = 0;
  const end = buckets.findIndex(
    ({ src, dst }, place) => (rows += Math.max(src, dst)) > ROWS_AT_ONCE && place >= wanted,
  );
  return end < 0 ? buckets.length : Math.max(1, end);
}

interface HashedRow {
  readonly k: string;
  /** The row's hash; without key the number of rows with the hash `k`. */
  readonly h: string;
  readonly key: string | null;
}

/** The rows of both sides whose keys have the same hash: mostly one of each. */
interface Group {
  readonly k: string;
  readonly src: readonly HashedRow[];
  readonly dst: readonly HashedRow[];
}

/** Keys of the rows that the other side has not, or not as often. */
function suspectKeys({ src, dst }: Group): string[] {
  const lacking = (rows: readonly HashedRow[], others: readonly HashedRow[]): string[] => {
    const left = others.map(({ key, h }) => `${h} ${key ?? ''}`);
    return rows.flatMap(({ key, h }) => {
      const place = left.indexOf(`${h} ${key ?? ''}`);
      if (place >= 0) left.splice(place, 1);
      return place >= 0 ? [] : [key ?? ''];
    });
  };
  return [...new Set([...lacking(src, dst), ...lacking(dst, src)])];
}

async function* differingGroups(
  sessions: Readonly<Record<SideName, Session>>,
  table: FullTable,
  buckets: readonly DifferingBucket[],
  hashing: Hashing,
): AsyncGenerator<Group> {
  const sides = ['src', 'dst'] as const;
  // Both snapshots are taken as close together as can be: what is in flight differs.
  await Promise.all(sides.map((side) => open(sessions[side], table, side, buckets, hashing)));
  try {
    const [src, dst] = [groups(sessions.src), groups(sessions.dst)];
    let [a, b] = (await Promise.all([src.next(), dst.next()])).map(({ value }) => value);
    while (a !== undefined || b !== undefined) {
      const [ka, kb] = [hashOf(a), hashOf(b)];
      const k = ka === null || (kb !== null && kb < ka) ? kb : ka;
      const group = { k: String(k), src: ka === k ? (a ?? []) : [], dst: kb === k ? (b ?? []) : [] };
      if (!sameRows(group)) yield group;
      if (ka === k) a = (await src.next()).value;
      if (kb === k) b = (await dst.next()).value;
    }
  } finally {
    await Promise.all(sides.map((side) => sessions[side].endTransaction()));
  }
}

function hashOf(rows: readonly HashedRow[] | undefined): bigint | null {
  return rows?.[0] === undefined ? null : BigInt(rows[0].k);
}

/** The rows of a key hash come sorted by row hash. */
function sameRows({ src, dst }: Group): boolean {
  return src.length === dst.length && src.every(({ h }, place) => h === dst[place]?.h);
}

/** A row of the cursor after the other, those with the same key hash together. */
async function* groups(session: Session): AsyncGenerator<HashedRow[], undefined> {
  let group: HashedRow[] = [];
  for (;;) {
    const page = await session.query<HashedRow>(`FETCH ${String(PAGE)} FROM belt_rows`);
    for (const row of page) {
      if (group[0] !== undefined && group[0].k !== row.k) {
        yield group;
        group = [];
      }
      group.push(row);
    }
    if (page.length === PAGE) continue;
    if (group.length > 0) yield group;
    return undefined;
  }
}

async function open(
  session: Session,
  table: FullTable,
  side: SideName,
  buckets: readonly DifferingBucket[],
  hashing: Hashing,
): Promise<void> {
  const { k, h, from } = hashedRows(table, side, hashing);
  const wanted = `${bucketOf(k, table)} = ANY ('{${buckets.map(({ bucket }) => String(bucket)).join(',')}}'::int8[])`;
  const key = table.keyed?.[side].key.map((column) => valueText('t', column)).join(', ');
  const select =
    key === undefined
      ? `SELECT ${k} AS k, count(*) AS h, NULL AS key FROM ${from} WHERE ${wanted} GROUP BY 1`
      : `SELECT ${k} AS k, ${h} AS h, to_json(ARRAY[${key}])::text AS key FROM ${from} WHERE ${wanted}`;
  await session.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
     DECLARE belt_rows NO SCROLL CURSOR FOR SELECT * FROM (${select}) AS q ORDER BY q.k, q.h`,
  );
}
