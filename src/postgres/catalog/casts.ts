import type { Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/**
 * Oids of the casts from or to a type of the schemas, which belong to no schema themselves. Without those of extensions, those
 * that come with a type, and those that only a superuser may make (of types that are stored alike).
 */
export async function castsOf(session: Session, schemas: Schemas): Promise<number[]> {
  const rows = await session.query<{ oid: number }>(
    `SELECT c.oid::int8::float8 AS oid FROM pg_cast c
      WHERE c.castmethod <> 'b' AND EXISTS (
              SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
               WHERE t.oid IN (c.castsource, c.casttarget) AND n.nspname = ANY ($1::text[]))
        AND NOT EXISTS (SELECT FROM pg_depend d
                         WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i'))
      ORDER BY c.oid`,
    [schemas.names],
  );
  return rows.map(({ oid }) => oid);
}

/** The names of all schemas but these and the system's. */
export async function otherSchemas(session: Session, schemas: Schemas): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_namespace
      WHERE nspname <> ALL ($1::text[]) AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`,
    [schemas.names],
  );
  return rows.map(({ name }) => name);
}
