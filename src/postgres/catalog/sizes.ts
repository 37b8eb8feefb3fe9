import type { Session } from '../session.js';

/**
 * The bytes of a schema's tables with TOAST, without indexes (the destination has fewer while a migration is on its way).
 * @param only the tables wanted; none means all
 */
export async function tablesBytes(session: Session, schema: string, only: readonly string[]): Promise<number> {
  const { bytes } = await session.one<{ bytes: number }>(
    `SELECT coalesce(sum(pg_table_size(c.oid)), 0)::float8 AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r' AND (cardinality($2::text[]) = 0 OR c.relname = ANY ($2))`,
    [schema, only],
  );
  return bytes;
}
