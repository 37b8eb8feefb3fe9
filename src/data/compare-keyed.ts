import type { Session } from '../postgres/session.js';
import type { Difference } from './differences.js';
import { lookUpDigests, readLatestDigests, readSourceDigests, sameDigest, type Digest } from './digests.js';
import { lookUp, readDetails, readLatest, type Key, type KeyedSide, type RowSet } from './keyed-rows.js';
import type { Equals } from './operators.js';

/** Comparing tables that have a key: random rows of the source, and the rows with the highest keys of both sides. */

export interface KeyedTable {
  readonly src: KeyedSide;
  readonly dst: KeyedSide;
}

/** One connection a side. */
export interface SessionPair {
  readonly src: Session;
  readonly dst: Session;
  readonly equals: { readonly src: Equals; readonly dst: Equals };
}

/** Looks at rows that differ until they have had the time to arrive. @returns for each table the keys that differ still */
export type Settle = (
  sessions: SessionPair,
  suspected: readonly { readonly table: KeyedTable; readonly keys: readonly string[] }[],
) => Promise<readonly (readonly string[])[]>;

export interface Comparison {
  /** Rows of which both sides were looked at. */
  readonly compared: number;
  readonly differing: number;
  /** The first of those that differ, in detail. */
  readonly differences: readonly Difference[];
}

export interface KeyedComparison {
  readonly random: Comparison;
  readonly latest: Comparison;
}

/** Rows that differ are told one by one up to this many in a table. */
const DETAILED_ROWS = 5;

/**
 * Compares a batch of tables: with one statement on the source and two on the destination where nothing differs, and
 * a few more for all the tables together where something does.
 * @param limit rows of each sort
 * @param settle for data that still moves: sorts out the rows that differ only because they are on their way
 */
export async function compareKeyed(
  sessions: SessionPair,
  tables: readonly KeyedTable[],
  limit: number,
  settle?: Settle,
): Promise<KeyedComparison[]> {
  const destination = tables.map(({ dst }) => dst);
  const [source, latest] = await Promise.all([
    readSourceDigests(
      sessions.src,
      tables.map(({ src }) => src),
      limit,
    ),
    readLatestDigests(sessions.dst, destination, limit),
  ]);
  const keys = tables.map((_, place) => source[place]?.keys ?? '[]');
  const random = await lookUpDigests(sessions.dst, destination, keys, sessions.equals.dst);
  const result = source.map((one): KeyedComparison => ({ random: equal(one.random), latest: equal(one.latest) }));
  const places = [...tables.keys()].filter(
    (place) => !sameDigest(source[place]?.latest, latest[place]) || !sameDigest(source[place]?.random, random[place]),
  );
  if (places.length === 0) return result;
  const suspected = places.flatMap((place) => tables[place] ?? []);
  const randomKeys = places.map((place) =>
    (JSON.parse(keys[place] ?? '[]') as Key[]).map((key) => JSON.stringify(key)),
  );
  const suspects = await findSuspects(sessions, suspected, randomKeys, limit);
  (await explain(sessions, suspected, suspects, settle)).forEach((comparison, index) => {
    result[places[index] ?? 0] = comparison;
  });
  return result;
}

function equal({ rows }: Digest): Comparison {
  return { compared: rows, differing: 0, differences: [] };
}

/** Compares row by row: the given keys, and the highest keys of either side looked up on the other. */
async function findSuspects(
  sessions: SessionPair,
  tables: readonly KeyedTable[],
  randomKeys: readonly (readonly string[])[],
  limit: number,
): Promise<Suspects[]> {
  const sides = { src: tables.map(({ src }) => src), dst: tables.map(({ dst }) => dst) };
  const latest = await Promise.all([
    readLatest(sessions.src, sides.src, limit),
    readLatest(sessions.dst, sides.dst, limit),
  ]);
  const work = tables.map((_, place) => {
    const [src, dst] = [hashesByKey(latest[0][place]), hashesByKey(latest[1][place])];
    const random = randomKeys[place] ?? [];
    const highest = [...new Set([...src.keys(), ...dst.keys()])];
    const all = [...new Set([...random, ...highest])];
    return {
      src,
      dst,
      random,
      highest,
      toSrc: all.filter((key) => !src.has(key)),
      toDst: all.filter((key) => !dst.has(key)),
    };
  });
  const [foundSrc, foundDst] = await lookUpBoth(
    sessions,
    tables,
    work.map(({ toSrc }) => toSrc),
    work.map(({ toDst }) => toDst),
  );
  return work.map((one, place) => {
    const src = new Map([...[...one.src].map(single), ...named(one.toSrc, foundSrc[place])]);
    const dst = new Map([...[...one.dst].map(single), ...named(one.toDst, foundDst[place])]);
    const differs = (key: string): boolean => {
      const [a, b] = [src.get(key) ?? [], dst.get(key) ?? []];
      return a.length !== 1 || b.length !== 1 || a[0] !== b[0];
    };
    return {
      random: { compared: one.random.length, keys: one.random.filter(differs) },
      latest: { compared: one.highest.length, keys: one.highest.filter(differs) },
    };
  });
}

/** Looks the keys of each table up on both sides; see lookUp(). */
export async function lookUpBoth(
  { src, dst, equals }: SessionPair,
  tables: readonly KeyedTable[],
  srcKeys: readonly (readonly string[])[],
  dstKeys: readonly (readonly string[])[],
): Promise<[string[][][], string[][][]]> {
  return Promise.all([
    lookUp(
      src,
      lookups(
        tables.map((table) => table.src),
        srcKeys,
      ),
      equals.src,
    ),
    lookUp(
      dst,
      lookups(
        tables.map((table) => table.dst),
        dstKeys,
      ),
      equals.dst,
    ),
  ]);
}

interface Suspects {
  readonly random: { readonly compared: number; readonly keys: readonly string[] };
  readonly latest: { readonly compared: number; readonly keys: readonly string[] };
}

/** Reads the suspected rows again where data moves, and the values of those that differ. */
async function explain(
  sessions: SessionPair,
  tables: readonly KeyedTable[],
  suspects: readonly Suspects[],
  settle: Settle | undefined,
): Promise<KeyedComparison[]> {
  const keys = suspects.map(({ random, latest }) => [...new Set([...random.keys, ...latest.keys])]);
  const suspected = tables.map((table, place) => ({ table, keys: keys[place] ?? [] }));
  const some = keys.some((list) => list.length > 0);
  const differing = settle !== undefined && some ? await settle(sessions, suspected) : keys;
  // Twice the number, since the same rows need not be the first of both strategies.
  const first = differing.map((list) => [...list.slice(0, DETAILED_ROWS), ...list.slice(-DETAILED_ROWS)]);
  const details = await readDifferences(sessions, tables, first);
  return suspects.map(({ random, latest }, place) => {
    const still = new Set(differing[place]);
    const told = details[place] ?? new Map<string, Difference>();
    const comparison = ({ compared, keys: list }: Suspects['random']): Comparison => {
      const wrong = list.filter((key) => still.has(key));
      const differences = wrong.flatMap((key) => told.get(key) ?? []);
      return { compared, differing: wrong.length, differences: differences.slice(0, DETAILED_ROWS) };
    };
    return { random: comparison(random), latest: comparison(latest) };
  });
}

/**
 * Reads rows of both sides value by value, and says how they differ.
 * @param keys for each table the keys, as JSON arrays of texts
 * @returns for each table the differences by key; none for a row that is on neither side
 */
export async function readDifferences(
  sessions: SessionPair,
  tables: readonly KeyedTable[],
  keys: readonly (readonly string[])[],
): Promise<Map<string, Difference>[]> {
  const [src, dst] = await Promise.all([
    readDetails(
      sessions.src,
      lookups(
        tables.map((table) => table.src),
        keys,
      ),
      sessions.equals.src,
    ),
    readDetails(
      sessions.dst,
      lookups(
        tables.map((table) => table.dst),
        keys,
      ),
      sessions.equals.dst,
    ),
  ]);
  return tables.map((table, place) => {
    const told = new Map<string, Difference>();
    keys[place]?.forEach((key, n) => {
      const [a, b] = [src[place]?.[n] ?? null, dst[place]?.[n] ?? null];
      // Deleted meanwhile.
      if (a === null && b === null) return;
      const texts = parseKey(key);
      const columns = table.src.columns.flatMap((name, column) =>
        a === null || b === null || a.hashes[column] === b.hashes[column]
          ? []
          : [{ name, src: a.values[column] ?? null, dst: b.values[column] ?? null }],
      );
      told.set(key, {
        table: table.src.table.label,
        key: Object.fromEntries(table.src.key.map((name, index) => [name, texts[index] ?? null])),
        missingOn: a === null ? 'src' : b === null ? 'dst' : null,
        columns,
        note:
          a !== null && b !== null && columns.length === 0
            ? 'it changed while it was compared, or is there twice'
            : null,
      });
    });
    return told;
  });
}

function hashesByKey(set: RowSet | undefined): Map<string, string> {
  return new Map((set?.keys ?? []).map((key, index) => [JSON.stringify(key), set?.hashes[index] ?? '']));
}

function parseKey(key: string): Key {
  return JSON.parse(key) as Key;
}

function lookups(
  sides: readonly KeyedSide[],
  keys: readonly (readonly string[])[],
): { side: KeyedSide; keys: Key[] }[] {
  return sides.map((side, place) => ({ side, keys: (keys[place] ?? []).map(parseKey) }));
}

function single([key, hash]: [string, string]): [string, string[]] {
  return [key, [hash]];
}

function named(keys: readonly string[] | undefined, found: readonly string[][] | undefined): [string, string[]][] {
  return (keys ?? []).map((key, n) => [key, found?.[n] ?? []]);
}
