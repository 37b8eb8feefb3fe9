import type { Side } from '../pair/side.js';
import { ident } from '../postgres/quote.js';

/** What the pglogical role must be allowed to do with the tables of the schema, where it is no superuser. */

/** @returns why there is nothing to do, or null when rights are missing */
export async function accessGranted(side: Side, schema: string): Promise<string | null> {
  const session = await side.root();
  const role = side.config.pglogical_user.name;
  const [found] = await session.query<{ rolsuper: boolean }>('SELECT rolsuper FROM pg_roles WHERE rolname = $1', [
    role,
  ]);
  if (found === undefined) return null;
  if (found.rolsuper) return `${role} may read and write everything`;
  const { granted } = await session.one<{ granted: boolean | null }>(
    `SELECT has_schema_privilege($1, n.oid, 'USAGE') AND coalesce((
              SELECT bool_and(has_table_privilege($1, c.oid, 'SELECT') AND has_table_privilege($1, c.oid, 'INSERT')
                          AND has_table_privilege($1, c.oid, 'UPDATE') AND has_table_privilege($1, c.oid, 'DELETE')
                          AND has_table_privilege($1, c.oid, 'TRUNCATE'))
                FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')), true) AS granted
       FROM (SELECT to_regnamespace($2)::oid AS oid) n`,
    [role, ident(schema)],
  );
  return granted === true ? `${role} has the rights it needs` : null;
}

/** Grants them, as the tables' owner. */
export async function grantAccess(side: Side, schema: string): Promise<string> {
  const owner = await side.owner();
  const role = ident(side.config.pglogical_user.name);
  const name = ident(schema);
  await owner.query(
    `GRANT USAGE ON SCHEMA ${name} TO ${role};
     GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA ${name} TO ${role}`,
  );
  return 'granted';
}
