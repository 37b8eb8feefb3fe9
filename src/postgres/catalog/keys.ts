import type { ObjectName } from '../schemas.js';
import type { Session } from '../session.js';

/** A primary key or unique constraint. */
export interface KeyConstraint {
  readonly oid: number;
  readonly name: string;
  /** The table's as well. */
  readonly schema: string;
  readonly table: string;
  /** `PRIMARY KEY (id)`, every name qualified. */
  readonly definition: string;
  readonly comment: string | null;
  /** Whether CLUSTER of the table uses its index. */
  readonly clustered: boolean;
  /** Whether it can be made after the rows are there: nothing else stands on it, and the table is big enough to gain by it. */
  readonly late: boolean;
}

/** Smaller tables get their keys with the schema: to build them later would take longer than it spares. */
const LATE_BYTES = 16 * 1024 * 1024;
/** Rows that count as many where nobody has measured the table yet; to measure it here would wait for its locks. */
const LATE_ROWS = 200_000;

/**
 * The primary keys and unique constraints of tables. What stands on a key (a foreign key, a view that groups by
 * it, a replica identity, a partitioned table's key) needs it from the start. Source: PostgreSQL's pg_depend.
 * @param tables the tables wanted
 */
export async function keyConstraints(session: Session, tables: readonly ObjectName[]): Promise<KeyConstraint[]> {
  return session.query<KeyConstraint>(
    `SELECT k.oid::int8::float8 AS oid, k.conname AS name, n.nspname::text AS schema, c.relname AS "table", pg_get_constraintdef(k.oid) AS definition,
            obj_description(k.oid, 'pg_constraint') AS comment, i.indisclustered AS clustered,
            NOT c.relispartition AND NOT i.indisreplident AND k.conislocal AND k.conparentid = 0
              AND (c.relpages::int8 * current_setting('block_size')::int8 >= $1::int8
                   OR c.relpages = 0 AND pg_stat_get_live_tuples(c.oid) >= $4::int8)
              AND NOT EXISTS (SELECT FROM pg_depend d
                               WHERE d.deptype <> 'i'
                                 AND ((d.refclassid = 'pg_constraint'::regclass AND d.refobjid = k.oid)
                                   OR (d.refclassid = 'pg_class'::regclass AND d.refobjid = k.conindid))) AS late
       FROM pg_constraint k
       JOIN pg_class c ON c.oid = k.conrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_index i ON i.indexrelid = k.conindid
      WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest($2::text[], $3::text[])) AND c.relkind = 'r' AND k.contype IN ('p', 'u')
      ORDER BY c.relpages DESC, n.nspname, c.relname, k.contype, k.conname`,
    [LATE_BYTES, tables.map(({ schema }) => schema), tables.map(({ name }) => name), LATE_ROWS],
  );
}
