import type { Schemas } from '../schemas.js';
import type { Session } from '../session.js';

export interface NamedRole {
  readonly role: string;
  readonly canLogin: boolean;
  /** Some of what names it: `table orders`, `default privileges`, `policy p on orders`. */
  readonly usedBy: readonly string[];
}

/**
 * Every role that privileges, default privileges and row security policies of the schemas name, but for owners, whom
 * their own objects need not name.
 */
export async function rolesInGrants(session: Session, schemas: Schemas): Promise<NamedRole[]> {
  return session.query<NamedRole>(
    `WITH n AS (SELECT oid, nspname, nspowner, nspacl, CASE WHEN $2 THEN nspname || '.' ELSE '' END AS path
                     FROM pg_namespace WHERE nspname = ANY ($1::text[])),
     member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
     acls(object, owner, acl) AS (
       SELECT CASE WHEN $2 THEN 'schema ' || nspname ELSE 'the schema' END, nspowner, nspacl FROM n
       UNION ALL
       SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' ELSE 'table ' END || n.path || c.relname,
              c.relowner, c.relacl
         FROM pg_class c JOIN n ON n.oid = c.relnamespace
        WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
       UNION ALL
       SELECT 'column ' || a.attname || ' of ' || n.path || c.relname, c.relowner, a.attacl
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN n ON n.oid = c.relnamespace
        WHERE a.attacl IS NOT NULL
          AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
       UNION ALL
       SELECT 'function ' || n.path || p.proname, p.proowner, p.proacl FROM pg_proc p JOIN n ON n.oid = p.pronamespace
        WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
       UNION ALL
       SELECT 'type ' || n.path || t.typname, t.typowner, t.typacl FROM pg_type t JOIN n ON n.oid = t.typnamespace
        WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_type'::regclass AND objid = t.oid)
       UNION ALL
       SELECT 'default privileges', d.defaclrole, d.defaclacl FROM pg_default_acl d JOIN n ON n.oid = d.defaclnamespace
     ),
     named(role, object) AS (
       SELECT x.grantee, acls.object FROM acls, aclexplode(acls.acl) x WHERE x.grantee NOT IN (0, acls.owner)
       UNION
       SELECT x.grantor, acls.object FROM acls, aclexplode(acls.acl) x WHERE x.grantor NOT IN (0, acls.owner)
       UNION
       SELECT d.defaclrole, 'default privileges' FROM pg_default_acl d JOIN n ON n.oid = d.defaclnamespace
       UNION
       SELECT r, 'policy ' || p.polname || ' on ' || n.path || c.relname
         FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN n ON n.oid = c.relnamespace, unnest(p.polroles) r
        WHERE r <> 0
     )
     SELECT r.rolname AS role, r.rolcanlogin AS "canLogin",
            (array_agg(named.object ORDER BY named.object))[1:5] AS "usedBy"
       FROM named JOIN pg_roles r ON r.oid = named.role
      GROUP BY r.rolname, r.rolcanlogin ORDER BY r.rolname`,
    [schemas.names, schemas.qualify],
  );
}

/** Those of the names that no role of the server has. */
export async function absentRoles(session: Session, names: readonly string[]): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) name WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)`,
    [names],
  );
  return rows.map((row) => row.name);
}

export interface SchemaPrivilege {
  /** null for PUBLIC. */
  readonly grantee: string | null;
  readonly privilege: 'USAGE' | 'CREATE';
  readonly grantable: boolean;
}

export interface SchemaFacts {
  readonly owner: string;
  readonly comment: string | null;
  /** What others than the owner may do in it. */
  readonly privileges: readonly SchemaPrivilege[];
}

/** The schema itself, or null when it is not there. */
export async function schemaFacts(session: Session, schema: string): Promise<SchemaFacts | null> {
  const [row] = await session.query<SchemaFacts>(
    `SELECT pg_get_userbyid(n.nspowner) AS owner, obj_description(n.oid, 'pg_namespace') AS comment,
            coalesce((SELECT jsonb_agg(jsonb_build_object('privilege', x.privilege_type, 'grantable', x.is_grantable,
                        'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END))
                        FROM aclexplode(n.nspacl) x WHERE x.grantee <> n.nspowner), '[]') AS privileges
       FROM pg_namespace n WHERE n.nspname = $1`,
    [schema],
  );
  return row ?? null;
}

export interface DefaultPrivilege {
  /** Whose new objects get it. */
  readonly role: string;
  readonly objects: 'TABLES' | 'SEQUENCES' | 'FUNCTIONS' | 'TYPES';
  /** null for PUBLIC. */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** What ALTER DEFAULT PRIVILEGES IN SCHEMA has added for the schema (within a schema it can only add). */
export async function defaultPrivileges(session: Session, schema: string): Promise<DefaultPrivilege[]> {
  return session.query<DefaultPrivilege>(
    `SELECT pg_get_userbyid(d.defaclrole) AS role,
            CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                 WHEN 'T' THEN 'TYPES' END AS objects,
            CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END AS grantee,
            x.privilege_type AS privilege, x.is_grantable AS grantable
       FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace AND n.nspname = $1,
            aclexplode(d.defaclacl) x
      ORDER BY 1, 2, 3, 4`,
    [schema],
  );
}
