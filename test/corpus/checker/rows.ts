import type pg from 'pg';

/** A relation that holds rows. */
export interface RowSource {
  /** `shop."Orders"`. */
  readonly name: string;
  /** Quoted, in their order. */
  readonly columns: readonly string[];
  /** False for a materialized view that was never filled. */
  readonly filled: boolean;
}

/** The tables, partitions and materialized views of the schemas, without members of extensions. */
export async function readRowSources(
  client: pg.ClientBase,
  schemas: readonly string[],
): Promise<Map<string, RowSource>> {
  const { rows } = await client.query<RowSource>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relispopulated AS filled,
            ARRAY(SELECT quote_ident(attname) FROM pg_attribute
                   WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      ORDER BY 1`,
    [schemas],
  );
  return new Map(rows.map((table) => [table.name, table]));
}

/** How many rows a table holds, and a hash of all of them as a multiset, whatever their order. */
export async function digest(
  client: pg.ClientBase,
  { name }: RowSource,
  columns: readonly string[],
): Promise<{ readonly count: string; readonly hash: string }> {
  const { rows } = await client.query<{ count: string; hash: string }>(
    `SELECT count(*)::text AS count, coalesce(md5(string_agg(hash, '' ORDER BY hash COLLATE "C")), '') AS hash
       FROM (SELECT md5(ROW(${columns.join(', ')})::text) AS hash FROM ONLY ${name}) rows`,
  );
  return rows[0] ?? { count: '0', hash: '' };
}

const EXAMPLES = 3;

/** A few of the rows that one side has and the other has not, or not as often. */
export async function examples(
  [one, other]: readonly [pg.ClientBase, pg.ClientBase],
  { name }: RowSource,
  columns: readonly string[],
): Promise<{ readonly onlyFirst: readonly string[]; readonly onlySecond: readonly string[] }> {
  const read = async (client: pg.ClientBase): Promise<Map<string, number>> => {
    const { rows } = await client.query<{ row: string; count: string }>(
      `SELECT ROW(${columns.join(', ')})::text AS row, count(*) AS count FROM ONLY ${name} GROUP BY 1 LIMIT 300000`,
    );
    return new Map(rows.map(({ row, count }) => [row, Number(count)]));
  };
  const [first, second] = [await read(one), await read(other)];
  const surplus = (of: Map<string, number>, over: Map<string, number>): string[] =>
    [...of].filter(([row, count]) => count > (over.get(row) ?? 0)).map(([row]) => row.slice(0, 300));
  return {
    onlyFirst: surplus(first, second).slice(0, EXAMPLES),
    onlySecond: surplus(second, first).slice(0, EXAMPLES),
  };
}
