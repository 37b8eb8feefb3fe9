import type { Column, Table } from '../postgres/catalog/tables.js';
import { ident, qualified } from '../postgres/quote.js';

/**
 * SQL that turns values and rows into text exactly as they are stored, so that equal text means equal rows. The
 * sessions must have the canonical settings. Output functions decide, not casts to text, which lose something for some
 * types (the blanks of char(n)), and which users can define.
 */

/** A table in FROM: without the rows of children, but with those of partitions, should it be partitioned here. */
export function fromTable({ schema, name, kind }: Pick<Table, 'schema' | 'name' | 'kind'>): string {
  return kind === 'partitioned' ? qualified(schema, name) : `ONLY ${qualified(schema, name)}`;
}

/** The text of a value by its type's output function; an empty string for null. */
export function valueText(alias: string, column: string): string {
  return `concat(${alias}.${ident(column)})`;
}

/** The text of a value, null for null. `IS NULL` would also be true for a composite value that holds only nulls. */
export function valueOrNull(alias: string, column: string): string {
  return `CASE num_nulls(${alias}.${ident(column)}) WHEN 0 THEN ${valueText(alias, column)} END`;
}

/** 120 bits of SHA-256 over a text, as 20 characters. Not MD5, which servers in FIPS mode refuse. */
export function textHash(text: string): string {
  return `encode(substr(sha256(convert_to(${text}, 'UTF8')), 1, 15), 'base64')`;
}

/** A row's text: a record's output tells null from an empty string, and where a value ends. */
export function rowText(alias: string, columns: readonly Pick<Column, 'name'>[]): string {
  return `ROW(${columns.map(({ name }) => `${alias}.${ident(name)}`).join(', ')})::text`;
}

/** A hash over all values of a row, as text. */
export function rowHash(alias: string, columns: readonly Pick<Column, 'name'>[]): string {
  return textHash(rowText(alias, columns));
}

/** A hash over all values of a row, as bytea: for hashing further. */
export function rowDigest(alias: string, columns: readonly Pick<Column, 'name'>[]): string {
  return `sha256(convert_to(${rowText(alias, columns)}, 'UTF8'))`;
}

/**
 * A sub-select of some random rows. It reads about `blocks` blocks of the table, chosen at random, however large it is;
 * with null it reads the first rows that there are.
 */
export function randomRows(table: Table, limit: number, blocks: number | null): string {
  const rows = `SELECT s.* FROM ${fromTable(table)} AS s`;
  if (blocks === null) return `${rows} LIMIT ${String(limit)}`;
  return `${rows} TABLESAMPLE SYSTEM (${sampleRate(table, blocks)}) ORDER BY random() LIMIT ${String(limit)}`;
}

/** The percentage of a table's blocks that makes about `blocks`; 100 for a small table, which is then read whole. */
export function sampleRate({ oid }: Table, blocks: number): string {
  return `least(100, ${String(blocks * 100)} * current_setting('block_size')::float8 / greatest(pg_relation_size(${String(oid)}), 1))`;
}

/** How many blocks to sample: at first, and when those held too few rows; at last simply the first rows. */
export const SAMPLE_STAGES: readonly (number | null)[] = [20, 1500, null];
