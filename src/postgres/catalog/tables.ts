import type { Label, Schemas } from '../schemas.js';
import type { Session } from '../session.js';
import { resolveNames } from './names.js';

export interface Column {
  readonly name: string;
  /** As PostgreSQL writes it in a definition, with schema unless it is built in: `numeric(12,2)`, `shop.mood[]`. */
  readonly type: string;
  readonly typeOid: number;
  /** As `type`, but what a domain stands on: rows may break a domain's NOT VALID constraint, and so may not be cast to it. */
  readonly baseType: string;
  /** The type whose binary form its values have: a domain's base type, and text for an enum, which is sent as its label. */
  readonly binaryOid: number;
  readonly notNull: boolean;
  /** It has a DEFAULT of its own, or is computed. */
  readonly hasDefault: boolean;
  /** Computed by the server from other columns; COPY and INSERT must leave it out. */
  readonly generated: boolean;
  readonly identity: 'always' | 'by default' | null;
}

/** How the rows of a table come to the destination. `unavailable`: it holds no rows of its own that belt could move. */
export type ReplicationMethod = 'pglogical' | 'dump_and_load' | 'unavailable';

export interface Table {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** How it is called, and known as a key: see Schemas. */
  readonly label: Label;
  readonly owner: string;
  readonly kind: 'table' | 'partitioned' | 'foreign';
  readonly isPartition: boolean;
  readonly persistence: 'permanent' | 'unlogged';
  /** Columns of the primary key in the key's order; null without one that is valid and not deferrable. */
  readonly primaryKey: readonly string[] | null;
  readonly replicaIdentity: 'default' | 'index' | 'full' | 'nothing';
  /** The columns by which a change finds its row on the other side; null when there are none. */
  readonly identityColumns: readonly string[] | null;
  readonly columns: readonly Column[];
  /** Rows at the last VACUUM or ANALYZE; null when there was none yet. */
  readonly estimatedRows: number | null;
  /** Size with TOAST, without indexes: at the last VACUUM or ANALYZE, or measured when there was none yet. */
  readonly bytes: number;
  /** A trigger that fires for replicated and copied rows as well (ENABLE ALWAYS or ENABLE REPLICA). */
  readonly hasAlwaysTriggers: boolean;
  readonly rowSecurity: boolean;
  readonly replicationMethod: ReplicationMethod;
  /** Why it is not replicated with pglogical; null when it is. */
  readonly reason: string | null;
}

type TableRow = Omit<Table, 'label' | 'replicationMethod' | 'reason'> & { readonly hasDeferrableKey: boolean };

/** The tables of the schemas, without members of extensions and temporary tables. $1 schemas; $2, $3 schemas and names (none: all). */
const TABLES = `
WITH RECURSIVE picked AS (
  SELECT c.oid
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'f')
    AND (cardinality($2::text[]) = 0
         OR (n.nspname, c.relname) IN (SELECT * FROM unnest($2::text[], $3::text[])))
  UNION
  SELECT child.oid
  FROM picked
  JOIN pg_class parent ON parent.oid = picked.oid AND parent.relkind = 'p'
  JOIN pg_inherits i ON i.inhparent = parent.oid
  JOIN pg_class child ON child.oid = i.inhrelid
  JOIN pg_namespace n ON n.oid = child.relnamespace AND n.nspname = ANY ($1::text[])
), tables AS MATERIALIZED (
  SELECT c.*, n.nspname
  FROM picked JOIN pg_class c ON c.oid = picked.oid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
), columns AS (
  SELECT a.attrelid AS oid,
         json_agg(json_build_object(
           'name', a.attname,
           'type', format_type(a.atttypid, a.atttypmod),
           'typeOid', a.atttypid::int8,
           'baseType', CASE WHEN y.typtype <> 'd' THEN format_type(a.atttypid, a.atttypmod) ELSE (
             WITH RECURSIVE bases AS (
               SELECT y.typbasetype AS type, y.typtypmod AS modifier
               UNION ALL
               SELECT d.typbasetype, d.typtypmod FROM bases JOIN pg_type d ON d.oid = bases.type AND d.typtype = 'd')
             SELECT format_type(type, modifier) FROM bases JOIN pg_type b ON b.oid = type AND b.typtype <> 'd') END,
           'binaryOid', (
             WITH RECURSIVE bases AS (
               SELECT y.oid AS type, y.typtype, y.typbasetype
               UNION ALL
               SELECT d.oid, d.typtype, d.typbasetype FROM bases JOIN pg_type d ON d.oid = bases.typbasetype WHERE bases.typtype = 'd')
             SELECT CASE typtype WHEN 'e' THEN 'text'::regtype::oid::int8 ELSE type::int8 END FROM bases WHERE typtype <> 'd'),
           'notNull', a.attnotnull,
           'hasDefault', a.atthasdef,
           'generated', a.attgenerated <> '',
           'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END
         ) ORDER BY a.attnum) AS columns
  FROM tables t
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type y ON y.oid = a.atttypid
  GROUP BY a.attrelid
), keys AS (
  SELECT i.indrelid AS oid,
         json_agg(k.columns) FILTER (WHERE i.indisprimary AND i.indimmediate) -> 0 AS primary_key,
         json_agg(k.columns) FILTER (WHERE i.indisreplident AND i.indimmediate) -> 0 AS identity_index,
         bool_or(i.indisprimary AND NOT i.indimmediate) AS deferrable
  FROM tables t
  JOIN pg_index i ON i.indrelid = t.oid AND i.indisvalid AND i.indisunique AND (i.indisprimary OR i.indisreplident)
  CROSS JOIN LATERAL (
    SELECT json_agg(a.attname ORDER BY u.place) AS columns
    FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
    WHERE u.place <= i.indnkeyatts
  ) k
  GROUP BY i.indrelid
)
SELECT t.oid::int8::float8 AS oid,
       t.nspname::text AS schema,
       t.relname::text AS name,
       pg_get_userbyid(t.relowner)::text AS owner,
       CASE t.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned' ELSE 'foreign' END AS kind,
       t.relispartition AS "isPartition",
       CASE t.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END AS persistence,
       k.primary_key AS "primaryKey",
       CASE t.relreplident WHEN 'd' THEN 'default' WHEN 'i' THEN 'index' WHEN 'f' THEN 'full' ELSE 'nothing' END AS "replicaIdentity",
       CASE t.relreplident WHEN 'd' THEN k.primary_key WHEN 'i' THEN k.identity_index END AS "identityColumns",
       coalesce(k.deferrable, false) AS "hasDeferrableKey",
       coalesce(a.columns, '[]') AS columns,
       CASE WHEN t.reltuples >= 0 THEN t.reltuples::float8 END AS "estimatedRows",
       -- Measuring opens every file and waits for locks; what the catalog knows costs nothing.
       (CASE WHEN t.relkind <> 'r' THEN 0
             WHEN t.reltuples < 0 THEN coalesce(pg_table_size(t.oid), 0)
             ELSE (t.relpages + coalesce(toast.relpages, 0))::int8 * current_setting('block_size')::int8 END)::float8 AS bytes,
       EXISTS (SELECT FROM pg_trigger g
               WHERE g.tgrelid = t.oid AND NOT g.tgisinternal AND g.tgenabled IN ('A', 'R')) AS "hasAlwaysTriggers",
       t.relrowsecurity AS "rowSecurity"
FROM tables t
LEFT JOIN columns a ON a.oid = t.oid
LEFT JOIN keys k ON k.oid = t.oid
LEFT JOIN pg_class toast ON toast.oid = t.reltoastrelid
ORDER BY t.nspname, t.relname`;

/**
 * Reads the tables of the schemas in one statement, ordered by schema and name. Without a table of a schema that is not
 * there.
 * @param only the names wanted, none meaning all: labels, or as a person writes them (see Schemas.find()); naming a
 *   partitioned table takes its partitions along
 * @throws RefusedError naming every table of `only` that is not there, or in several schemas
 */
export async function readTables(session: Session, schemas: Schemas, only: readonly string[]): Promise<Table[]> {
  const wanted = await resolveNames(session, 'table', schemas, only);
  const rows = await session.query<TableRow>(TABLES, [
    schemas.names,
    wanted.map(({ schema }) => schema),
    wanted.map(({ name }) => name),
  ]);
  return schemas
    .labelled(rows)
    .map(({ hasDeferrableKey, ...table }) => ({ ...table, ...decideMethod(table, hasDeferrableKey) }));
}

/** How pglogical (or, where it cannot, belt) moves a table's rows. Source: pglogical 2.4, create_replication_set checks. */
function decideMethod(
  table: Omit<TableRow, 'hasDeferrableKey'>,
  hasDeferrableKey: boolean,
): Pick<Table, 'replicationMethod' | 'reason'> {
  if (table.kind === 'foreign')
    return { replicationMethod: 'unavailable', reason: 'a foreign table: its rows are elsewhere' };
  if (table.kind === 'partitioned') {
    return { replicationMethod: 'unavailable', reason: 'a partitioned table: its partitions are moved instead' };
  }
  const reason = whyNotReplicated(table, hasDeferrableKey);
  return reason === null ? { replicationMethod: 'pglogical', reason } : { replicationMethod: 'dump_and_load', reason };
}

function whyNotReplicated(table: Omit<TableRow, 'hasDeferrableKey'>, hasDeferrableKey: boolean): string | null {
  if (table.persistence === 'unlogged') return 'unlogged: its changes are not in the write-ahead log';
  if (table.replicaIdentity === 'full') return 'REPLICA IDENTITY FULL, which pglogical does not take';
  if (table.replicaIdentity === 'nothing') return 'REPLICA IDENTITY NOTHING, which pglogical does not take';
  if (table.identityColumns !== null) return null;
  if (table.replicaIdentity === 'index') return 'its REPLICA IDENTITY index is gone or not usable';
  return hasDeferrableKey ? 'its primary key is deferrable' : 'has no primary key';
}

/** The tables that pglogical replicates. */
export function replicatedTables(tables: readonly Table[]): Table[] {
  return tables.filter(({ replicationMethod }) => replicationMethod === 'pglogical');
}

/** The tables that belt copies itself while nobody writes. */
export function copiedTables(tables: readonly Table[]): Table[] {
  return tables.filter(({ replicationMethod }) => replicationMethod === 'dump_and_load');
}
