import type { Session } from '../postgres/session.js';
import { joined, latestRows, type KeyedSide } from './keyed-rows.js';
import type { Equals } from './operators.js';
import { randomRows, rowDigest, SAMPLE_STAGES, sampleRate, valueText } from './row-text.js';

/**
 * One hash over all sampled rows of a table. Where both sides' hashes agree, and they nearly always do, no row and no
 * hash of a row need travel.
 */
export interface Digest {
  readonly rows: number;
  /** null without rows */
  readonly hash: string | null;
}

export interface SourceDigests {
  readonly latest: Digest;
  readonly random: Digest;
  /** The keys of the random rows, in the digest's order, as JSON: an array of arrays of texts. */
  readonly keys: string;
}

export function sameDigest(a: Digest | undefined, b: Digest | undefined): boolean {
  return a !== undefined && a.rows === b?.rows && a.hash === b.hash;
}

/** Digests of the rows with the highest keys and of random rows of each table, by the table's place in the list. */
export async function readSourceDigests(
  session: Session,
  sides: readonly KeyedSide[],
  limit: number,
): Promise<SourceDigests[]> {
  interface Row {
    place: number;
    partial: boolean;
    latest_rows: number;
    latest_hash: string | null;
    random_rows: number;
    random_hash: string | null;
    keys: string | null;
  }
  const found: SourceDigests[] = [];
  let wanted = sides.map((_, place) => place);
  for (const [stage, blocks] of SAMPLE_STAGES.entries()) {
    if (wanted.length === 0) break;
    const selects = wanted.flatMap((place) => {
      const side = sides[place];
      if (side === undefined) return [];
      const key = side.key.map((column) => valueText('q', column)).join(', ');
      const partial = blocks === null ? 'false' : `${sampleRate(side.table, blocks)} < 100`;
      return [
        `SELECT ${String(place)} AS place, ${partial} AS partial, l.rows AS latest_rows, l.hash AS latest_hash,
           r.rows AS random_rows, r.hash AS random_hash, r.keys::text AS keys
         FROM (SELECT ${digest(side)} FROM (${stage === 0 ? latestRows(side, limit) : latestRows(side, 0)}) AS q) AS l,
              (SELECT ${digest(side)}, json_agg(to_json(ARRAY[${key}])) AS keys
               FROM (${randomRows(side.table, limit, blocks)}) AS q) AS r`,
      ];
    });
    const again: number[] = [];
    for (const row of await session.query<Row>(selects.join(' UNION ALL '))) {
      found[row.place] = {
        latest: found[row.place]?.latest ?? { rows: row.latest_rows, hash: row.latest_hash },
        random: { rows: row.random_rows, hash: row.random_hash },
        keys: row.keys ?? '[]',
      };
      // Blocks that are empty or hold few rows: the next stage reads more of them.
      if (row.partial && row.random_rows < limit) again.push(row.place);
    }
    wanted = again;
  }
  return found;
}

/** Digests of the rows with the highest keys of each table, by the table's place in the list. */
export async function readLatestDigests(
  session: Session,
  sides: readonly KeyedSide[],
  limit: number,
): Promise<Digest[]> {
  const selects = sides.map(
    (side, place) =>
      `SELECT ${String(place)} AS place, l.rows, l.hash FROM (SELECT ${digest(side)} FROM (${latestRows(side, limit)}) AS q) AS l`,
  );
  return byPlace(
    selects.length === 0 ? [] : await session.query<Digest & { place: number }>(selects.join(' UNION ALL ')),
  );
}

/**
 * Digests of the rows with the given keys, in the keys' order, by the table's place in the list.
 * @param keys for each table as readSourceDigests() gives them
 */
export async function lookUpDigests(
  session: Session,
  sides: readonly KeyedSide[],
  keys: readonly string[],
  equals: Equals,
): Promise<Digest[]> {
  const selects = sides.map(
    (side, place) =>
      `(SELECT ${String(place)} AS place, ${digest(side, 't', ' ORDER BY k.n')} ${joined(side, `$${String(place + 1)}`, equals)})`,
  );
  return byPlace(
    selects.length === 0 ? [] : await session.query<Digest & { place: number }>(selects.join(' UNION ALL '), keys),
  );
}

/** Hashes of rows, hashed: a text of all the rows together could be larger than PostgreSQL allows. */
function digest({ columns }: KeyedSide, alias = 'q', order = ''): string {
  const row = rowDigest(
    alias,
    columns.map((name) => ({ name })),
  );
  return `count(*)::int AS rows, encode(sha256(string_agg(${row}, ''::bytea${order})), 'base64') AS hash`;
}

function byPlace(rows: readonly (Digest & { place: number })[]): Digest[] {
  const digests: Digest[] = [];
  for (const { place, rows: count, hash } of rows) digests[place] = { rows: count, hash };
  return digests;
}
