import type { Label, Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/** A table or materialized view whose statistics the planner needs. */
export interface AnalyzableTable {
  readonly schema: string;
  readonly name: string;
  readonly label: Label;
  /** Of the table, or of all partitions together. */
  readonly bytes: number;
  /** Analyzed before, and since then neither changed by more than a tenth nor grown. */
  readonly fresh: boolean;
  /** Whether this session's role may ANALYZE it; PostgreSQL only warns when it may not. */
  readonly allowed: boolean;
}

/**
 * $1 schemas. Partitions come with the table at the root, whose ANALYZE takes them along. The size
 * on disk is looked at as well, since counters of changes reach the statistics views late.
 */
const ANALYZABLE = `
WITH tables AS (
  SELECT c.*, n.nspname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'm') AND c.relispopulated AND c.relpersistence <> 't'
    -- Unless the root is in a schema that does not move.
    AND NOT (c.relispartition AND EXISTS (
               SELECT FROM pg_class p JOIN pg_namespace pn ON pn.oid = p.relnamespace
                WHERE p.oid = pg_partition_root(c.oid) AND pn.nspname = ANY ($1::text[])))
), members AS (
  SELECT t.oid AS root, t.oid, t.relpages, t.reltuples FROM tables t WHERE t.relkind <> 'p'
  UNION ALL
  SELECT t.oid, c.oid, c.relpages, c.reltuples
  FROM tables t CROSS JOIN LATERAL pg_partition_tree(t.oid) AS p JOIN pg_class c ON c.oid = p.relid AND c.relkind = 'r'
  WHERE t.relkind = 'p'
), states AS (
  SELECT m.root, sum(z.size) AS bytes,
         bool_and((s.last_analyze IS NOT NULL OR s.last_autoanalyze IS NOT NULL)
                  AND m.reltuples >= 0 AND s.n_mod_since_analyze <= 0.1 * m.reltuples + 50
                  AND z.size <= (1.1 * m.relpages + 10) * current_setting('block_size')::int8) AS fresh
  FROM members m
  LEFT JOIN pg_stat_all_tables s ON s.relid = m.oid
  CROSS JOIN LATERAL (SELECT coalesce(pg_relation_size(m.oid), 0) AS size) AS z
  GROUP BY m.root
)
SELECT t.nspname::text AS schema, t.relname::text AS name,
       coalesce(st.bytes, 0)::float8 AS bytes,
       coalesce(st.fresh, true) AND (t.relkind <> 'p' OR s.last_analyze IS NOT NULL) AS fresh,
       pg_has_role(t.relowner, 'USAGE')
         OR EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND pg_has_role(d.datdba, 'USAGE'))
         OR CASE WHEN current_setting('server_version_num')::int >= 170000
                 THEN has_table_privilege(t.oid, 'MAINTAIN') ELSE false END AS allowed
FROM tables t
LEFT JOIN states st ON st.root = t.oid
LEFT JOIN pg_stat_all_tables s ON s.relid = t.oid
ORDER BY bytes DESC, schema, name`;

/** Reads which tables ANALYZE is for, biggest first: ordinary and partitioned tables and materialized views. */
export async function readAnalyzable(session: Session, schemas: Schemas): Promise<AnalyzableTable[]> {
  return schemas.labelled(await session.query<Omit<AnalyzableTable, 'label'>>(ANALYZABLE, [schemas.names]));
}
