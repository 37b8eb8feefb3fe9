import type { Session } from '../session.js';
import type { ObjectPrivileges } from './object-privileges.js';

/** One setting that ALTER DATABASE ... SET, or ALTER ROLE ... IN DATABASE ... SET, has made. */
export interface DatabaseSetting {
  /** Null where it holds for all roles. */
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
}

export async function databaseSettings(session: Session): Promise<DatabaseSetting[]> {
  return session.query<DatabaseSetting>(
    `SELECT CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END AS role,
            split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
       FROM pg_db_role_setting s, unnest(s.setconfig) c
      WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
      ORDER BY 1 NULLS FIRST, 2`,
  );
}

export interface DatabaseFacts {
  readonly comment: string | null;
  /** With `object` as GRANT wants it. */
  readonly privileges: ObjectPrivileges;
}

/** The database itself. */
export async function databaseFacts(session: Session): Promise<DatabaseFacts> {
  const { comment, ...privileges } = await session.one<ObjectPrivileges & { comment: string | null }>(
    `SELECT shobj_description(d.oid, 'pg_database') AS comment, format('DATABASE %I', d.datname) AS object, NULL AS column,
            pg_get_userbyid(d.datdba) AS owner,
            coalesce((SELECT jsonb_agg(jsonb_build_object('privilege', x.privilege_type, 'grantable', x.is_grantable,
                               'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
                               'grantor', pg_get_userbyid(x.grantor)) ORDER BY x.n)
                        FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) WITH ORDINALITY
                             AS x(grantor, grantee, privilege_type, is_grantable, n)), '[]') AS entries
       FROM pg_database d WHERE d.datname = current_database()`,
  );
  return { comment, privileges };
}
