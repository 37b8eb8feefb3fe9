import type { Label, Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/** What belt carries over of an index. */
export interface CarriedIndex {
  /** The table's as well. */
  readonly schema: string;
  readonly name: string;
  /** How it is called, and known as a key: see Schemas. */
  readonly label: Label;
  readonly table: string;
  readonly unique: boolean;
  /** An index of a partitioned table: it has no storage of its own. */
  readonly partitioned: boolean;
  /** The partitioned index it is attached to. */
  readonly parent: { readonly schema: string; readonly name: string } | null;
  readonly comment: string | null;
  /** Whether CLUSTER of the table uses it. */
  readonly clustered: boolean;
  /** Statistics targets of its columns, where they are not the default. */
  readonly statistics: readonly { readonly column: number; readonly target: number }[];
}

/** An index as it is on a server. */
export interface IndexFacts extends CarriedIndex {
  readonly oid: number;
  /** False while it cannot be used: a build that failed, or a partitioned index that lacks partitions' indexes. */
  readonly valid: boolean;
}

export interface IndexDefinition extends IndexFacts {
  /** CREATE INDEX with every name qualified; of a partitioned index, of it alone (ON ONLY). */
  readonly definition: string;
}

interface IndexRow extends Omit<IndexFacts, 'label' | 'parent'> {
  readonly parent_schema: string | null;
  readonly parent_name: string | null;
}

const FACTS = `
  i.indexrelid::int8::float8 AS oid, n.nspname::text AS schema, ci.relname AS name, t.relname AS "table", i.indisvalid AS valid, i.indisunique AS "unique",
  ci.relkind = 'I' AS partitioned, pn.nspname AS parent_schema, pc.relname AS parent_name,
  obj_description(i.indexrelid, 'pg_class') AS comment, i.indisclustered AS clustered,
  -- Only columns that are expressions can have a target of their own.
  CASE WHEN i.indexprs IS NULL THEN '[]'::jsonb ELSE
    coalesce((SELECT jsonb_agg(jsonb_build_object('column', a.attnum, 'target', a.attstattarget) ORDER BY a.attnum)
                FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0), '[]') END AS statistics`;

/** Indexes of the tables and materialized views of schemas $1 that do not belong to an extension. */
const SOURCE = `
  FROM pg_index i
  JOIN pg_class ci ON ci.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'p', 'm')
  JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = ANY ($1::text[])
  LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
  LEFT JOIN pg_class pc ON pc.oid = h.inhparent
  LEFT JOIN pg_namespace pn ON pn.oid = pc.relnamespace
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = t.oid
                                              AND d.deptype = 'e')`;

/**
 * Indexes that the destination needs before the data: those of constraints, the unique ones that a foreign key rests on,
 * and replica identities, by which updates find their rows; and the partitions' indexes below them.
 */
export const KEPT_INDEXES = `
  kept(indexrelid) AS (
    (SELECT conindid FROM pg_constraint WHERE conindid <> 0
     UNION SELECT indexrelid FROM pg_index WHERE indisreplident)
    UNION SELECT h.inhrelid FROM kept JOIN pg_inherits h ON h.inhparent = kept.indexrelid
  )`;

/** What pg_dump dumps (of pg_index i, of table t): an INVALID index of a table is the rest of a build that failed. */
export const DUMPED_INDEX = `(i.indisvalid OR t.relkind = 'p') AND i.indisready`;
/** What can wait until the data is there; needs KEPT_INDEXES. */
export const DEFERRED_INDEX = `NOT EXISTS (SELECT FROM kept WHERE kept.indexrelid = i.indexrelid)`;

/** The indexes that can wait until the data is there, with their definitions, ordered by schema and name. */
export async function deferredIndexes(session: Session, schemas: Schemas): Promise<IndexDefinition[]> {
  const rows = await session.query<IndexRow & { definition: string }>(
    `WITH RECURSIVE ${KEPT_INDEXES}
     SELECT ${FACTS}, pg_get_indexdef(i.indexrelid) AS definition ${SOURCE} AND ${DUMPED_INDEX} AND ${DEFERRED_INDEX}
     ORDER BY n.nspname, ci.relname`,
    [schemas.names],
  );
  return rows.map((row) => ({ ...facts(row, schemas), definition: row.definition }));
}

/**
 * Indexes that are there with the data, but whose partitioned index is one of deferredIndexes(): such as the key of a
 * partition, below a unique index that is no key. They are attached when that is made.
 */
export async function attachedIndexes(session: Session, schemas: Schemas): Promise<IndexFacts[]> {
  const rows = await session.query<IndexRow>(
    `WITH RECURSIVE ${KEPT_INDEXES}
     SELECT ${FACTS} ${SOURCE} AND h.inhparent IS NOT NULL AND NOT (${DEFERRED_INDEX})
        AND NOT EXISTS (SELECT FROM kept WHERE kept.indexrelid = h.inhparent)
     ORDER BY n.nspname, ci.relname`,
    [schemas.names],
  );
  return rows.map((row) => facts(row, schemas));
}

/** All indexes of the schemas, those of constraints too, by label. */
export async function indexesByName(session: Session, schemas: Schemas): Promise<Map<Label, IndexFacts>> {
  const rows = await session.query<IndexRow>(`SELECT ${FACTS} ${SOURCE}`, [schemas.names]);
  return new Map(rows.map((row) => [schemas.label(row), facts(row, schemas)]));
}

/** Indexes that a failed build left behind; they are not carried over. */
export async function invalidIndexes(session: Session, schemas: Schemas): Promise<Label[]> {
  const rows = await session.query<{ schema: string; name: string }>(
    `SELECT n.nspname::text AS schema, ci.relname::text AS name ${SOURCE} AND NOT (${DUMPED_INDEX})
      ORDER BY n.nspname, ci.relname`,
    [schemas.names],
  );
  return rows.map((row) => schemas.label(row));
}

function facts({ parent_schema, parent_name, ...row }: IndexRow, schemas: Schemas): IndexFacts {
  return {
    ...row,
    label: schemas.label(row),
    parent: parent_schema === null || parent_name === null ? null : { schema: parent_schema, name: parent_name },
  };
}
