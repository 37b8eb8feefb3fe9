import type { Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/** Schemas that are a server's, pglogical's or belt's own, and never move. */
const OWN_SCHEMAS: readonly string[] = ['information_schema', 'pglogical', 'pglogical_origin', 'belt'];

/** Whether a schema of that name is the server's, pglogical's or belt's own. */
export function isSystemSchema(name: string): boolean {
  return name.startsWith('pg_') || OWN_SCHEMAS.includes(name);
}

/** The schemas that people have made, by name: all but the system's, belt's own, and those that an extension has made. */
export async function movableSchemas(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT n.nspname::text AS name FROM pg_namespace n
      WHERE n.nspname !~ '^pg_' AND n.nspname <> ALL ($1::text[])
        AND NOT EXISTS (SELECT FROM pg_depend d
                         WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
        -- A schema that was made for an extension holds nothing else; setup makes it where the extension needs it.
        AND NOT (EXISTS (SELECT FROM pg_extension e WHERE e.extnamespace = n.oid)
                 AND NOT EXISTS (SELECT FROM pg_depend d
                                  WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'
                                    AND d.classid <> 'pg_extension'::regclass
                                    AND NOT EXISTS (SELECT FROM pg_depend m
                                                     WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e')))
      ORDER BY n.nspname`,
    [OWN_SCHEMAS],
  );
  return rows.map(({ name }) => name);
}

/** Those of the schemas that the database lacks. */
export async function absentSchemas(session: Session, schemas: Schemas): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) name WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = name)`,
    [schemas.names],
  );
  return rows.map(({ name }) => name);
}
