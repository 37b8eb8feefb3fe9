import type { Session } from '../session.js';

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
