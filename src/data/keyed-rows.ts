import type { Table } from '../postgres/catalog/tables.js';
import { ident } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { VALUE_LIMIT } from './differences.js';
import type { Equals } from './operators.js';
import { fromTable, rowHash, textHash, valueOrNull, valueText } from './row-text.js';

/** Reading rows of tables with a key on one side, many tables in a statement. Keys are arrays of texts. */

export type Key = readonly string[];

/** A table on one side, with what is to be compared. */
export interface KeyedSide {
  /** The table as this side's catalog describes it. */
  readonly table: Table;
  readonly key: readonly string[];
  /** The columns to compare, the same and in the same order on both sides. */
  readonly columns: readonly string[];
}

/** Rows found: each row's hash by its key. */
export interface RowSet {
  readonly keys: readonly Key[];
  readonly hashes: readonly string[];
}

const NO_ROWS: RowSet = { keys: [], hashes: [] };

/** A sub-select of the rows with the highest keys. */
export function latestRows({ table, key }: KeyedSide, limit: number): string {
  const order = key.map((column) => `s.${ident(column)} DESC`).join(', ');
  return `SELECT s.* FROM ${fromTable(table)} AS s ORDER BY ${order} LIMIT ${String(limit)}`;
}

/** The rows with the highest keys of each table, by the table's place in the list. */
export async function readLatest(session: Session, sides: readonly KeyedSide[], limit: number): Promise<RowSet[]> {
  if (sides.length === 0) return [];
  const selects = sides.map((side, place) => {
    const key = side.key.map((column) => valueText('q', column)).join(', ');
    return `SELECT ${String(place)} AS place, x.keys, x.hashes
      FROM (SELECT json_agg(to_json(ARRAY[${key}])) AS keys, json_agg(${hashOf('q', side)}) AS hashes
            FROM (${latestRows(side, limit)}) AS q) AS x`;
  });
  const sets = sides.map((): RowSet => NO_ROWS);
  for (const { place, keys, hashes } of await session.query<{
    place: number;
    keys: Key[] | null;
    hashes: string[] | null;
  }>(selects.join(' UNION ALL '))) {
    sets[place] = { keys: keys ?? [], hashes: hashes ?? [] };
  }
  return sets;
}

function hashOf(alias: string, { columns }: KeyedSide): string {
  return rowHash(
    alias,
    columns.map((name) => ({ name })),
  );
}

/** A table and the keys to look up in it. */
export interface Lookup {
  readonly side: KeyedSide;
  readonly keys: readonly Key[];
}

/**
 * Looks rows up by key.
 * @returns for each lookup and each of its keys the hashes of the rows found: one, or none when the row is not there
 */
export async function lookUp(session: Session, lookups: readonly Lookup[], equals: Equals): Promise<string[][][]> {
  const rows = await select<{ place: number; found: [number, string][] | null }>(session, lookups, (lookup, keys) => {
    return `json_agg(json_build_array(k.n, ${hashOf('t', lookup.side)})) AS found ${joined(lookup.side, keys, equals)}`;
  });
  const result = lookups.map(({ keys }) => keys.map((): string[] => []));
  for (const { place, found } of rows) {
    for (const [n, hash] of found ?? []) result[place]?.[n - 1]?.push(hash);
  }
  return result;
}

/** A row's values as text (cut), and their hashes; null for NULL. */
export interface RowDetail {
  readonly values: readonly (string | null)[];
  readonly hashes: readonly (string | null)[];
}

/** Reads single rows by key, value by value; null for a row that is not there. */
export async function readDetails(
  session: Session,
  lookups: readonly Lookup[],
  equals: Equals,
): Promise<(RowDetail | null)[][]> {
  type Found = [number, (string | null)[], (string | null)[]];
  const rows = await select<{ place: number; found: Found[] | null }>(session, lookups, (lookup, keys) => {
    const { values, hashes } = detailArrays('t', lookup.side.columns);
    return `json_agg(json_build_array(k.n, ${values}, ${hashes})) AS found ${joined(lookup.side, keys, equals)}`;
  });
  const result = lookups.map(({ keys }) => keys.map((): RowDetail | null => null));
  for (const { place, found } of rows) {
    for (const [n, values, hashes] of found ?? []) {
      const list = result[place];
      if (list !== undefined) list[n - 1] = { values, hashes };
    }
  }
  return result;
}

/** SQL for a row's values, cut, and for the hashes of the whole values. */
export function detailArrays(alias: string, columns: readonly string[]): { values: string; hashes: string } {
  const texts = columns.map((column) => valueOrNull(alias, column));
  return {
    values: `ARRAY[${texts.map((text) => `left(${text}, ${String(VALUE_LIMIT)})`).join(', ')}]::text[]`,
    hashes: `ARRAY[${texts.map((text) => textHash(text)).join(', ')}]::text[]`,
  };
}

/** `FROM` that pairs the keys, which are parameter `keys`, with the table's rows, by the key's index. */
export function joined({ table, key }: KeyedSide, keys: string, equals: Equals): string {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const parts = key.map((_, index) => `e ->> ${String(index)} AS k${String(index)}`).join(', ');
  const conditions = key.map((name, index) => {
    const column = columns.get(name);
    if (column === undefined) return 'false';
    return `t.${ident(name)} ${equals(column.typeOid)} (k.k${String(index)})::${column.baseType}`;
  });
  return `FROM (SELECT ${parts}, n FROM json_array_elements(${keys}::json) WITH ORDINALITY AS j (e, n)) AS k
    JOIN ${fromTable(table)} AS t ON ${conditions.join(' AND ')}`;
}

async function select<Row extends object>(
  session: Session,
  lookups: readonly Lookup[],
  expression: (lookup: Lookup, keys: string) => string,
): Promise<Row[]> {
  const parameters: string[] = [];
  const selects = lookups.flatMap((lookup, place) => {
    if (lookup.keys.length === 0) return [];
    parameters.push(JSON.stringify(lookup.keys));
    return [`(SELECT ${String(place)} AS place, ${expression(lookup, `$${String(parameters.length)}`)})`];
  });
  return selects.length === 0 ? [] : session.query<Row>(selects.join(' UNION ALL '), parameters);
}
