import type { Session } from '../session.js';
import { OWNED_OBJECTS } from './owned-objects.js';

export interface NamedRole {
  readonly role: string;
  readonly canLogin: boolean;
  /** Whether it uses what the roles may do that it is a member of. */
  readonly inherit: boolean;
  /** Powers that belt gives to no role that it makes, as CREATE ROLE has them: `SUPERUSER`, `BYPASSRLS`. */
  readonly powers: readonly string[];
  /** Whether a row security policy names it: such a policy cannot be made without the role. */
  readonly inPolicy: boolean;
  /** Whether objects belong to it. */
  readonly owns: boolean;
  /** Some of what names it: `table orders`, `default privileges`, `policy p on orders`. */
  readonly usedBy: readonly string[];
}

/** One role's membership in another. */
export interface Membership {
  readonly group: string;
  readonly member: string;
  /** Whether the member may let others in. */
  readonly admin: boolean;
  /** Whether the member has the group's privileges without SET ROLE; null before PostgreSQL 16, where the member decides. */
  readonly inherit: boolean | null;
  /** Whether the member may SET ROLE to it; null before PostgreSQL 16, where all may. */
  readonly set: boolean | null;
}

/**
 * Every role that owns something in the schemas, or that privileges, default privileges (those of the whole database
 * too), row security policies, the database's own privileges or its settings name.
 */
export async function namedRoles(session: Session, schemas: readonly string[]): Promise<NamedRole[]> {
  return session.query<NamedRole>(
    `WITH n AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = ANY ($1)),
     member AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
     acls(object, owner, acl) AS (
       SELECT 'schema ' || nspname, nspowner, nspacl FROM n
       UNION ALL
       SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' ELSE 'table ' END || c.relname,
              c.relowner, c.relacl
         FROM pg_class c JOIN n ON n.oid = c.relnamespace
        WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
       UNION ALL
       SELECT 'column ' || a.attname || ' of ' || c.relname, c.relowner, a.attacl
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN n ON n.oid = c.relnamespace
        WHERE a.attacl IS NOT NULL
          AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
       UNION ALL
       SELECT 'function ' || p.proname, p.proowner, p.proacl FROM pg_proc p JOIN n ON n.oid = p.pronamespace
        WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
       UNION ALL
       SELECT 'type ' || t.typname, t.typowner, t.typacl FROM pg_type t JOIN n ON n.oid = t.typnamespace
        WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_type'::regclass AND objid = t.oid)
       UNION ALL
       SELECT 'default privileges', d.defaclrole, d.defaclacl FROM pg_default_acl d
        WHERE d.defaclnamespace = 0 OR d.defaclnamespace IN (SELECT oid FROM n)
       UNION ALL
       SELECT 'the database', datdba, datacl FROM pg_database WHERE datname = current_database()
     ),
     owned(object, owner) AS MATERIALIZED (${OWNED_OBJECTS}),
     named(role, object, policy, owns) AS (
       SELECT x.grantee, acls.object, false, false FROM acls, aclexplode(acls.acl) x WHERE x.grantee NOT IN (0, acls.owner)
       UNION
       SELECT x.grantor, acls.object, false, false FROM acls, aclexplode(acls.acl) x WHERE x.grantor NOT IN (0, acls.owner)
       UNION
       SELECT d.defaclrole, 'default privileges', false, false FROM pg_default_acl d
        WHERE d.defaclnamespace = 0 OR d.defaclnamespace IN (SELECT oid FROM n)
       UNION
       SELECT r, 'policy ' || p.polname || ' on ' || c.relname, true, false
         FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN n ON n.oid = c.relnamespace, unnest(p.polroles) r
        WHERE r <> 0
       UNION
       SELECT owner, 'owner of ' || object, false, true FROM owned WHERE object NOT LIKE 'SCHEMA %'
       UNION
       SELECT s.setrole, 'settings in the database', false, false FROM pg_db_role_setting s
        WHERE s.setrole <> 0 AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
     )
     SELECT ${FACTS},
            bool_or(named.policy) AS "inPolicy", bool_or(named.owns) AS owns,
            (array_agg(named.object ORDER BY named.policy DESC, named.owns DESC, named.object))[1:5] AS "usedBy"
       FROM named JOIN pg_roles r ON r.oid = named.role
      GROUP BY r.rolname, r.rolcanlogin, r.rolinherit, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls
      ORDER BY r.rolname`,
    [schemas],
  );
}

export type RoleFacts = Pick<NamedRole, 'role' | 'canLogin' | 'inherit' | 'powers'>;

/** What a role may do by itself, from pg_roles as `r`. */
const FACTS = `
  r.rolname AS role, r.rolcanlogin AS "canLogin", r.rolinherit AS inherit,
  array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
    CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
    CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL) AS powers`;

/** The server's own left out. */
export async function roleFacts(session: Session): Promise<RoleFacts[]> {
  return session.query<RoleFacts>(`SELECT ${FACTS} FROM pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY r.rolname`);
}

/** Who is a member of whom on the server; of a pair granted several times the widest grant counts. */
export async function memberships(session: Session): Promise<Membership[]> {
  const option = (name: string): string => (session.major >= 16 ? `bool_or(m.${name})` : 'NULL::boolean');
  return session.query<Membership>(
    `SELECT pg_get_userbyid(m.roleid) AS group, pg_get_userbyid(m.member) AS member, bool_or(m.admin_option) AS admin,
            ${option('inherit_option')} AS inherit, ${option('set_option')} AS set
       FROM pg_auth_members m GROUP BY m.roleid, m.member ORDER BY 1, 2`,
  );
}
