import type { Side } from '../pair/side.js';
import type { Step } from '../pair/steps.js';
import { ident } from '../postgres/quote.js';
import type { Schemas } from '../postgres/schemas.js';
import { isAnotherUser } from './drop-role.js';

/** What the pglogical role must be allowed to do with the tables of the schemas, where it is no superuser. */

/** @returns why there is nothing to do, or null when rights are missing */
export async function accessGranted(side: Side, schemas: Schemas): Promise<string | null> {
  const session = await side.root();
  const role = side.config.pglogical_user.name;
  const [found] = await session.query<{ rolsuper: boolean }>('SELECT rolsuper FROM pg_roles WHERE rolname = $1', [
    role,
  ]);
  if (found === undefined) return null;
  if (found.rolsuper) return `${role} may read and write everything`;
  const { granted } = await session.one<{ granted: boolean | null }>(
    `SELECT bool_and(has_schema_privilege($1, n.oid, 'USAGE') AND coalesce((
              SELECT bool_and(has_table_privilege($1, c.oid, 'SELECT') AND has_table_privilege($1, c.oid, 'INSERT')
                          AND has_table_privilege($1, c.oid, 'UPDATE') AND has_table_privilege($1, c.oid, 'DELETE')
                          AND has_table_privilege($1, c.oid, 'TRUNCATE'))
                FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')), true)) AS granted
       FROM unnest($2::text[]) AS wanted (name) LEFT JOIN pg_namespace n ON n.nspname = wanted.name`,
    [role, schemas.names],
  );
  return granted === true ? `${role} has the rights it needs` : null;
}

/** Grants them, as the tables' owner. */
export async function grantAccess(side: Side, schemas: Schemas): Promise<string> {
  const owner = await side.owner();
  const role = ident(side.config.pglogical_user.name);
  const names = schemas.names.map(ident).join(', ');
  await owner.query(
    `GRANT USAGE ON SCHEMA ${names} TO ${role};
     GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA ${names} TO ${role}`,
  );
  return 'granted';
}

/** Something of this database on which belt has granted the role rights, as REVOKE wants it. */
interface GrantedObject {
  readonly schema: string;
  readonly object: string;
}

/** Empty without such a role. */
async function grantedObjects(side: Side, schemas: Schemas): Promise<GrantedObject[]> {
  const session = await side.root();
  return session.query<GrantedObject>(
    `WITH given AS (
       SELECT s.classid, s.objid FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid AND r.rolname = $1
        WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'a'
          AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
     SELECT n.nspname AS schema, format('SCHEMA %I', n.nspname) AS object
       FROM given JOIN pg_namespace n ON given.classid = 'pg_namespace'::regclass AND n.oid = given.objid
      WHERE n.nspname = ANY ($2::text[] || ARRAY['pglogical', 'belt'])
     UNION ALL
     SELECT n.nspname, format('TABLE %I.%I', n.nspname, c.relname)
       FROM given JOIN pg_class c ON given.classid = 'pg_class'::regclass AND c.oid = given.objid AND c.relkind IN ('r', 'p', 'f')
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY ($2::text[] || ARRAY['belt'])
     UNION ALL
     SELECT '', format('DATABASE %I', d.datname) FROM pg_database d, aclexplode(d.datacl) x
      WHERE d.datname = current_database() AND x.grantee = (SELECT oid FROM pg_roles WHERE rolname = $1)
      GROUP BY d.datname
     UNION ALL
     SELECT 'pglogical', 'FUNCTION ' || p.oid::regprocedure
       FROM given JOIN pg_proc p ON given.classid = 'pg_proc'::regclass AND p.oid = given.objid
      WHERE p.pronamespace = to_regnamespace('pglogical')`,
    [side.config.pglogical_user.name, schemas.names],
  );
}

/** The step that takes back what belt has granted to the role in this database. Everybody else's rights stay. */
export function revokeAccessStep(side: Side, schemas: () => Promise<Schemas>): Step {
  const { name } = side.config.pglogical_user;
  return {
    name: `revoke-access-${side.name}`,
    title: `revoke what was granted to role ${name} in the database of the ${side.word}`,
    done: async () => {
      if (isAnotherUser(side)) return `${name} is one of the config's other users: it keeps what it has`;
      return (await grantedObjects(side, await schemas())).length === 0 ? 'nothing is granted to it' : null;
    },
    run: async () => {
      const session = await side.root();
      const moving = await schemas();
      const objects = await grantedObjects(side, moving);
      const { rolsuper } = await session.one<{ rolsuper: boolean }>(
        'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
      );
      const revoke = (all: readonly GrantedObject[]): string =>
        all.map(({ object }) => `REVOKE ALL ON ${object} FROM ${ident(name)}`).join('; ');
      // Who has granted it must revoke it: root in belt's and pglogical's schemas, the owner in those that move.
      const byRoot = rolsuper ? objects : objects.filter((one) => !moving.has(one.schema));
      const byOwner = objects.filter((one) => !byRoot.includes(one));
      if (byRoot.length > 0) await session.query(revoke(byRoot));
      if (byOwner.length > 0) await (await side.owner()).query(revoke(byOwner));
      return `revoked it from ${String(objects.length)} objects`;
    },
  };
}
