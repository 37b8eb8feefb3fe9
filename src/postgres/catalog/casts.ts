import type { Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/** Objects that belong to no schema, but go with what the schemas hold. */
export interface Accompanying {
  readonly catalog: 'pg_cast' | 'pg_transform';
  readonly oid: number;
}

const OWN_TYPE = `EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                           WHERE t.oid = ANY (o.types) AND n.nspname = ANY ($1::text[]))`;
const OWN_FUNCTION = `EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                               WHERE p.oid = ANY (o.functions) AND n.nspname = ANY ($1::text[]))`;

/**
 * The casts and transforms of a type of the schemas, or by a function of them. Without those of extensions, and those that
 * come with a type.
 * @param superuser whether those count that only a superuser may make: casts between types that are stored alike, and what
 *   is of no type of the schemas
 */
export async function accompanying(session: Session, schemas: Schemas, superuser: boolean): Promise<Accompanying[]> {
  return session.query<Accompanying>(
    `SELECT o.classid::regclass::text AS catalog, o.oid::int8::float8 AS oid FROM (
       SELECT 'pg_cast'::regclass AS classid, oid, ARRAY[castsource, casttarget] AS types, ARRAY[castfunc] AS functions,
              castmethod <> 'b' AS anybody FROM pg_cast
       UNION ALL
       SELECT 'pg_transform'::regclass, oid, ARRAY[trftype], ARRAY[trffromsql::oid, trftosql::oid], false FROM pg_transform) o
      WHERE (${OWN_TYPE} AND (o.anybody OR $2) OR ${OWN_FUNCTION} AND $2)
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.classid AND d.objid = o.oid AND d.deptype IN ('e', 'i'))
      ORDER BY 1, o.oid`,
    [schemas.names, superuser],
  );
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
