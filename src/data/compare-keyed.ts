import type { Session } from '../postgres/session.js';
import type { Difference } from './differences.js';
import { lookUp, readDetails, readLatest, readRandom, type Key, type KeyedSide, type RowSet } from './keyed-rows.js';
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
 * Compares a batch of tables with two statements a side (a third where sides end with different keys, and two more
 * where something differs).
 * @param limit rows of each sort
 * @param pause called before what differs is read again, for data that still moves; without it nothing is read again
 */
export async function compareKeyed(
  sessions: SessionPair,
  tables: readonly KeyedTable[],
  limit: number,
  pause?: () => Promise<void>,
): Promise<KeyedComparison[]> {
  const sides = { src: tables.map(({ src }) => src), dst: tables.map(({ dst }) => dst) };
  const [source, destinationLatest] = await Promise.all([
    (async () => ({
      latest: await readLatest(sessions.src, sides.src, limit),
      random: await readRandom(sessions.src, sides.src, limit),
    }))(),
    readLatest(sessions.dst, sides.dst, limit),
  ]);
  const work = tables.map((_, place) => ({
    random: hashesByKey(source.random[place]),
    latest: { src: hashesByKey(source.latest[place]), dst: hashesByKey(destinationLatest[place]) },
  }));
  // Mostly both sides end with the same keys: then only the random rows must be looked up.
  const missing = work.map(({ random, latest }) => ({
    dst: [...new Set([...random.keys(), ...latest.src.keys()])].filter((key) => !latest.dst.has(key)),
    src: [...latest.dst.keys()].filter((key) => !latest.src.has(key) && !random.has(key)),
  }));
  const [foundDst, foundSrc] = await Promise.all([
    lookUp(
      sessions.dst,
      lookups(
        sides.dst,
        missing.map(({ dst }) => dst),
      ),
      sessions.equals.dst,
    ),
    lookUp(
      sessions.src,
      lookups(
        sides.src,
        missing.map(({ src }) => src),
      ),
      sessions.equals.src,
    ),
  ]);
  const suspects = work.map(({ random, latest }, place) => {
    const src = new Map([...[...random, ...latest.src].map(single), ...named(missing[place]?.src, foundSrc[place])]);
    const dst = new Map([...[...latest.dst].map(single), ...named(missing[place]?.dst, foundDst[place])]);
    const differs = (key: string): boolean => {
      const [a, b] = [src.get(key) ?? [], dst.get(key) ?? []];
      return a.length !== 1 || b.length !== 1 || a[0] !== b[0];
    };
    const latestKeys = [...new Set([...latest.src.keys(), ...latest.dst.keys()])];
    return {
      random: { compared: random.size, keys: [...random.keys()].filter(differs) },
      latest: { compared: latestKeys.length, keys: latestKeys.filter(differs) },
    };
  });
  return explain(sessions, tables, suspects, pause);
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
  pause: (() => Promise<void>) | undefined,
): Promise<KeyedComparison[]> {
  const keys = suspects.map(({ random, latest }) => [...new Set([...random.keys, ...latest.keys])]);
  let differing = keys;
  if (pause !== undefined && keys.some((list) => list.length > 0)) {
    await pause();
    const [src, dst] = await Promise.all([
      lookUp(
        sessions.src,
        lookups(
          tables.map((table) => table.src),
          keys,
        ),
        sessions.equals.src,
      ),
      lookUp(
        sessions.dst,
        lookups(
          tables.map((table) => table.dst),
          keys,
        ),
        sessions.equals.dst,
      ),
    ]);
    differing = keys.map((list, place) =>
      list.filter((_, n) => {
        const [a, b] = [src[place]?.[n] ?? [], dst[place]?.[n] ?? []];
        // A row that both sides deleted meanwhile is no difference.
        return a.length !== b.length || a.some((hash, index) => hash !== b[index]);
      }),
    );
  }
  const details = await readDifferences(sessions, tables, differing);
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

async function readDifferences(
  sessions: SessionPair,
  tables: readonly KeyedTable[],
  differing: readonly (readonly string[])[],
): Promise<Map<string, Difference>[]> {
  // Twice the number, since the same rows need not be the first of both strategies.
  const keys = differing.map((list) => [...list.slice(0, DETAILED_ROWS), ...list.slice(-DETAILED_ROWS)]);
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
      const texts = parseKey(key);
      const columns = table.src.columns.flatMap((name, column) =>
        a === null || b === null || a.hashes[column] === b.hashes[column]
          ? []
          : [{ name, src: a.values[column] ?? null, dst: b.values[column] ?? null }],
      );
      told.set(key, {
        table: table.src.table.name,
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
