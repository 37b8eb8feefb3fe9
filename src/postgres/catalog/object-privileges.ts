import type { Session } from '../session.js';

/** One entry of an access list. */
export interface PrivilegeEntry {
  /** null for PUBLIC. */
  readonly grantee: string | null;
  /** Who has granted it: mostly the owner, or somebody who may pass it on. */
  readonly grantor: string;
  readonly privilege: string;
  /** Whether the grantee may pass it on. */
  readonly grantable: boolean;
}

/** Who may do what with an object, or with a column of one. What holds by default counts as written down. */
export interface ObjectPrivileges {
  /** As GRANT wants it: `TABLE shop.orders`, `ROUTINE shop.total(integer)`. */
  readonly object: string;
  /** Set where it is about one column. */
  readonly column: string | null;
  readonly owner: string;
  readonly entries: readonly PrivilegeEntry[];
}

/**
 * The access lists of what stands in the schemas, and of what extensions made, in whatever schema. Of an extension's
 * objects only those count whose list is another than the extension gave them, unless all are asked for. Servers' pg_*
 * schemas are left alone.
 */
export async function objectPrivileges(
  session: Session,
  schemas: readonly string[],
  { allMembers = false }: { readonly allMembers?: boolean } = {},
): Promise<ObjectPrivileges[]> {
  return session.query<ObjectPrivileges>(
    `WITH member AS MATERIALIZED (
       SELECT d.classid, d.objid, e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
     ), object AS (
       SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END || format(' %I.%I', n.nspname, c.relname) AS object,
              NULL::name AS col, 0 AS position, c.relowner AS owner, c.relacl AS acl,
              acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner) AS initial,
              n.nspname, 'pg_class'::regclass AS catalog, c.oid
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
       UNION ALL
       SELECT format('TABLE %I.%I', n.nspname, c.relname), a.attname, a.attnum, c.relowner, a.attacl, '{}'::aclitem[],
              n.nspname, 'pg_class'::regclass, c.oid
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT a.attisdropped AND (a.attacl IS NOT NULL)
       UNION ALL
       SELECT 'ROUTINE ' || p.oid::regprocedure, NULL, 0, p.proowner, p.proacl, acldefault('f', p.proowner),
              n.nspname, 'pg_proc'::regclass, p.oid
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        -- None of these counts below, and to word thousands of them takes longer than all the rest.
        WHERE p.pronamespace <> 'pg_catalog'::regnamespace
       UNION ALL
       SELECT format('TYPE %I.%I', n.nspname, t.typname), NULL, 0, t.typowner, t.typacl, acldefault('T', t.typowner),
              n.nspname, 'pg_type'::regclass, t.oid
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        -- Those of tables, arrays and multiranges have no privileges of their own.
        WHERE t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'b' AND t.typcategory <> 'A')
           OR (t.typtype = 'c' AND (SELECT c.relkind FROM pg_class c WHERE c.oid = t.typrelid) = 'c')
     )
     SELECT o.object, o.col AS column, pg_get_userbyid(o.owner) AS owner,
            coalesce((SELECT jsonb_agg(jsonb_build_object('privilege', x.privilege_type, 'grantable', x.is_grantable,
                               'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
                               'grantor', pg_get_userbyid(x.grantor)) ORDER BY x.n)
                        FROM aclexplode(coalesce(o.acl, o.initial)) WITH ORDINALITY
                             AS x(grantor, grantee, privilege_type, is_grantable, n)), '[]') AS entries
       FROM object o LEFT JOIN member m ON m.classid = o.catalog AND m.objid = o.oid
       LEFT JOIN pg_init_privs i ON i.classoid = o.catalog AND i.objoid = o.oid AND i.objsubid = o.position
      WHERE CASE WHEN m.objid IS NULL THEN o.nspname = ANY ($1)
                 ELSE o.nspname <> 'pg_catalog' AND m.extname <> ALL (ARRAY['pglogical', 'pglogical_origin'])
                      AND ($2 OR o.acl IS DISTINCT FROM i.initprivs) END
      ORDER BY o.object, o.position`,
    [schemas, allMembers],
  );
}

/**
 * What ALTER DEFAULT PRIVILEGES without IN SCHEMA has said: of each role, for each kind of object it has said something
 * about, all that holds. The owner of such a list is the role, its object a word: `TABLES`.
 * @param roles where given: of these, what holds for every kind of object, whether somebody has said something or not
 */
export async function globalDefaults(session: Session, roles?: readonly string[]): Promise<ObjectPrivileges[]> {
  return session.query<ObjectPrivileges>(
    `SELECT k.word AS object, NULL AS column, r.rolname AS owner,
            coalesce((SELECT jsonb_agg(jsonb_build_object('privilege', x.privilege_type, 'grantable', x.is_grantable,
                               'grantee', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,
                               'grantor', pg_get_userbyid(x.grantor)) ORDER BY x.n)
                        FROM aclexplode(coalesce(d.defaclacl, acldefault(k.initial::"char", r.oid))) WITH ORDINALITY
                             AS x(grantor, grantee, privilege_type, is_grantable, n)), '[]') AS entries
       FROM pg_roles r
      CROSS JOIN (VALUES ('r', 'r', 'TABLES'), ('S', 's', 'SEQUENCES'), ('f', 'f', 'ROUTINES'), ('T', 'T', 'TYPES'),
                         ('n', 'n', 'SCHEMAS'), ('L', 'L', 'LARGE OBJECTS')) k(objtype, initial, word)
       LEFT JOIN pg_default_acl d ON d.defaclnamespace = 0 AND d.defaclrole = r.oid AND d.defaclobjtype = k.objtype::"char"
      WHERE CASE WHEN $1::text[] IS NULL THEN d.oid IS NOT NULL ELSE r.rolname = ANY ($1) END
      ORDER BY r.rolname, k.word`,
    [roles ?? null],
  );
}
