import type { ObjectName, Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/**
 * The bytes of the schemas' tables with TOAST, without indexes (the destination has fewer while a migration is on its way).
 * @param only the tables wanted; null means all
 */
export async function tablesBytes(
  session: Session,
  schemas: Schemas,
  only: readonly ObjectName[] | null,
): Promise<number> {
  const { bytes } = await session.one<{ bytes: number }>(
    `SELECT coalesce(sum(pg_table_size(c.oid)), 0)::float8 AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY ($1::text[]) AND c.relkind = 'r'
        AND ($2::text[] IS NULL OR (n.nspname, c.relname) IN (SELECT * FROM unnest($2::text[], $3::text[])))`,
    [schemas.names, only?.map(({ schema }) => schema) ?? null, only?.map(({ name }) => name) ?? null],
  );
  return bytes;
}
