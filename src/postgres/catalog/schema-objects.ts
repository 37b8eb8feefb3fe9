import type { Schemas } from '../schemas.js';
import type { Session } from '../session.js';

export interface SchemaObjects {
  /** Tables, partitioned and foreign tables too, by name; with the schema, quoted where need be, where schemas are several. */
  readonly tables: readonly string[];
  /** Views, materialized views, sequences, types and functions, each as `kind name`. */
  readonly others: readonly string[];
}

/** The names of what stands in the schemas, without what belongs to extensions. Empty where there is no such schema. */
export async function schemaObjects(session: Session, schemas: Schemas): Promise<SchemaObjects> {
  return session.one<SchemaObjects>(
    `WITH n AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ($1::text[])),
     member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
     o(is_table, name) AS (
       SELECT c.relkind IN ('r', 'p', 'f'),
              CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence ' ELSE '' END
              || CASE WHEN $2 THEN format('%I.%I', n.nspname, c.relname) ELSE c.relname END
         FROM pg_class c JOIN n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
          AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
       UNION ALL
       SELECT false, 'function ' || CASE WHEN $2 THEN format('%I.%I', n.nspname, p.proname) ELSE p.proname END || '(' || pg_get_function_identity_arguments(p.oid) || ')'
         FROM pg_proc p JOIN n ON n.oid = p.pronamespace
        WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
       UNION ALL
       SELECT false, 'type ' || CASE WHEN $2 THEN format('%I.%I', n.nspname, t.typname) ELSE t.typname END
         FROM pg_type t JOIN n ON n.oid = t.typnamespace
        WHERE t.typrelid = 0 AND t.typcategory <> 'A'
          AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_type'::regclass AND objid = t.oid)
     )
     SELECT coalesce(array_agg(name ORDER BY name) FILTER (WHERE is_table), '{}')::text[] AS tables,
            coalesce(array_agg(name ORDER BY name) FILTER (WHERE NOT is_table), '{}')::text[] AS others
       FROM o`,
    [schemas.names, schemas.qualify],
  );
}
