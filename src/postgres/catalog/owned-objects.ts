import type { Session } from '../session.js';

/** An object that has an owner of its own. */
export interface OwnedObject {
  /** As ALTER ... OWNER TO wants it: `TABLE shop.orders`, `ROUTINE shop.total(integer)`. */
  readonly object: string;
  readonly owner: string;
}

/**
 * The objects of some schemas that have an owner of their own, as rows (object, owner). What follows its table (indexes,
 * the sequence of a column, row and array types) and what belongs to an extension is left out. $1 is a list of schemas.
 * The session's search_path must be `pg_catalog`, so that names of types are qualified.
 */
export const OWNED_OBJECTS = `
  SELECT o.object, o.owner FROM (
    SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                          WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END || format(' %I.%I', n.nspname, c.relname) AS object,
           c.relowner AS owner, 'pg_class'::regclass AS catalog, c.oid, 1 AS turn
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid
                          AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))
    UNION ALL
    SELECT 'ROUTINE ' || p.oid::regprocedure, p.proowner, 'pg_proc'::regclass, p.oid, 1
      -- As a condition on pg_proc alone: with a join, the server words all its thousands of functions before it chooses.
      FROM pg_proc p WHERE p.pronamespace = ANY (ARRAY(SELECT n.oid FROM pg_namespace n WHERE n.nspname = ANY ($1)))
    UNION ALL
    SELECT format('TYPE %I.%I', n.nspname, t.typname), t.typowner, 'pg_type'::regclass, t.oid, 1
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname = ANY ($1)
       AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'b' AND t.typcategory <> 'A')
            OR (t.typtype = 'c' AND (SELECT c.relkind FROM pg_class c WHERE c.oid = t.typrelid) = 'c'))
    UNION ALL
    SELECT format('COLLATION %I.%I', n.nspname, c.collname), c.collowner, 'pg_collation'::regclass, c.oid, 1
      FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE n.nspname = ANY ($1)
    UNION ALL
    SELECT format('CONVERSION %I.%I', n.nspname, c.conname), c.conowner, 'pg_conversion'::regclass, c.oid, 1
      FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = ANY ($1)
    UNION ALL
    SELECT format('OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname, coalesce(nullif(o.oprleft, 0)::regtype::text, 'NONE'),
                  o.oprright::regtype), o.oprowner, 'pg_operator'::regclass, o.oid, 1
      FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE n.nspname = ANY ($1)
    UNION ALL
    SELECT format('OPERATOR CLASS %I.%I USING %I', n.nspname, o.opcname, a.amname), o.opcowner, 'pg_opclass'::regclass, o.oid, 1
      FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am a ON a.oid = o.opcmethod
     WHERE n.nspname = ANY ($1)
    UNION ALL
    SELECT format('OPERATOR FAMILY %I.%I USING %I', n.nspname, o.opfname, a.amname), o.opfowner, 'pg_opfamily'::regclass, o.oid, 1
      FROM pg_opfamily o JOIN pg_namespace n ON n.oid = o.opfnamespace JOIN pg_am a ON a.oid = o.opfmethod
     WHERE n.nspname = ANY ($1)
    UNION ALL
    SELECT format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname), c.cfgowner, 'pg_ts_config'::regclass, c.oid, 1
      FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE n.nspname = ANY ($1)
    UNION ALL
    SELECT format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname), d.dictowner, 'pg_ts_dict'::regclass, d.oid, 1
      FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE n.nspname = ANY ($1)
    UNION ALL
    SELECT format('STATISTICS %I.%I', n.nspname, s.stxname), s.stxowner, 'pg_statistic_ext'::regclass, s.oid, 1
      FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE n.nspname = ANY ($1)
    UNION ALL
    -- Last: a new owner of something must be allowed to create in its schema.
    SELECT format('SCHEMA %I', n.nspname), n.nspowner, 'pg_namespace'::regclass, n.oid, 2
      FROM pg_namespace n WHERE n.nspname = ANY ($1)
  ) o
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.catalog AND d.objid = o.oid AND d.deptype = 'e')
  ORDER BY o.turn, o.object`;

/** Those objects with the names of their owners. */
export async function ownedObjects(session: Session, schemas: readonly string[]): Promise<OwnedObject[]> {
  return session.query<OwnedObject>(`SELECT object, pg_get_userbyid(owner) AS owner FROM (${OWNED_OBJECTS}) AS owned`, [
    schemas,
  ]);
}
