import type { Session } from '../session.js';

/** A foreign key between two tables, by their oids. */
export interface ForeignKeyLink {
  readonly from: number;
  readonly to: number;
  /** Whether it only repeats, for a partition, what its parent's says. */
  readonly partition: boolean;
  /** `"name" of schema.table`. */
  readonly description: string;
}

/** The foreign keys that refer to one of the tables, whatever table they are of. */
export async function foreignKeysInto(session: Session, oids: readonly number[]): Promise<ForeignKeyLink[]> {
  return session.query<ForeignKeyLink>(
    `SELECT conrelid::int8::float8 AS "from", confrelid::int8::float8 AS "to", conparentid <> 0 AS partition,
            format('%I of %s', conname, conrelid::regclass) AS description
       FROM pg_constraint WHERE contype = 'f' AND confrelid = ANY ($1::oid[]) ORDER BY 4`,
    [oids.map(String)],
  );
}

/** Partitions, of whatever depth, of the partitioned tables that are none of `known`, each with its schema. */
export async function partitionsBesides(
  session: Session,
  partitioned: readonly number[],
  known: readonly number[],
): Promise<string[]> {
  if (partitioned.length === 0) return [];
  const rows = await session.query<{ name: string }>(
    `SELECT DISTINCT format('partition %s', t.relid) AS name
       FROM unnest($1::oid[]) p CROSS JOIN LATERAL pg_partition_tree(p) t
      WHERE t.relid <> ALL ($2::oid[]) ORDER BY 1`,
    [partitioned.map(String), known.map(String)],
  );
  return rows.map(({ name }) => name);
}
