import { QueryError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import type { InventoryRow } from './read.js';

/**
 * Major versions of PostgreSQL write the same view in different words (16 and newer leave out the table's name where
 * there is one table only). So a source's view whose text is not the destination's is made on the destination, as a
 * temporary view in a transaction that is rolled back, and what the destination makes of it stands for its text.
 * @param dst a session of a role that may use the schema; it is left without a transaction
 * @returns the source's rows; a view that cannot be made on the destination keeps its text
 */
export async function asDestinationWrites(
  src: readonly InventoryRow[],
  dstRows: readonly InventoryRow[],
  dst: Session,
): Promise<InventoryRow[]> {
  const texts = new Map(dstRows.map(({ kind, object, query }) => [`${kind} ${object}`, query]));
  const differing = src.filter(({ kind, object, query }) => {
    const other = texts.get(`${kind} ${object}`);
    return query !== null && other !== undefined && other !== null && query !== other;
  });
  if (differing.length === 0) return [...src];
  const written = await rewrite(
    differing.map(({ query }) => query ?? ''),
    dst,
  );
  const replaced = new Map(differing.map((row, index) => [row, written[index] ?? row.query]));
  return src.map((row) => ({ ...row, query: replaced.get(row) ?? row.query }));
}

/** All at once, which takes two statements; one by one only if one of them cannot be made. */
async function rewrite(queries: readonly string[], dst: Session): Promise<(string | null)[]> {
  const all = await attempt(queries, dst);
  if (all !== null) return all;
  if (queries.length === 1) return [null];
  const half = Math.ceil(queries.length / 2);
  return [...(await rewrite(queries.slice(0, half), dst)), ...(await rewrite(queries.slice(half), dst))];
}

async function attempt(queries: readonly string[], dst: Session): Promise<string[] | null> {
  await dst.query('BEGIN');
  try {
    const create = queries.map((query, index) => `CREATE TEMPORARY VIEW "belt view ${String(index)}" AS ${query}`);
    // The texts come from the source's catalog, each with its semicolon; no values are in them.
    await dst.query(create.join('\n'));
    const rows = await dst.query<{ query: string }>(
      `SELECT pg_get_viewdef(to_regclass('pg_temp.' || quote_ident('belt view ' || n))) AS query
         FROM generate_series(0, $1::int - 1) n ORDER BY n`,
      [queries.length],
    );
    return rows.map(({ query }) => query);
  } catch (error) {
    if (error instanceof QueryError) return null;
    throw error;
  } finally {
    await dst.endTransaction();
  }
}
