import type pg from 'pg';
import { OBJECT_QUERIES } from './proof-objects.js';

/**
 * Proves that a schema arrived whole: asks both servers by itself, object by object and row by row, with nothing of
 * belt's own code, so that a fault of belt cannot hide itself.
 */

export interface ProofOptions {
  /** Superuser's connections. In a REPEATABLE READ transaction, what that transaction sees is compared. */
  readonly src: pg.ClientBase;
  readonly dst: pg.ClientBase;
  readonly schema: string;
  /** Tables whose rows are not compared (their definitions are). */
  readonly exceptRowsOf?: readonly string[];
  /** Whether a sequence of the destination must be at or past the source's; true when left out. */
  readonly sequences?: boolean;
  /** Roles whose grants do not count; pglogical's when left out, for belt gives it what it needs on either side. */
  readonly ignoredRoles?: readonly string[];
}

export interface Proof {
  /** A sentence each; none when all is equal. */
  readonly differences: readonly string[];
  /** Tables and materialized views compared row by row, and the rows that the source has in them. */
  readonly tables: number;
  readonly rows: number;
  readonly sequences: number;
  /** Objects whose definition, comment or grants were compared. */
  readonly objects: number;
}

/** Text of values must be the same wherever it is made. */
const SETTINGS = {
  search_path: 'pg_catalog',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  row_security: 'off',
  statement_timeout: '0',
};

/** Compares the schema on both servers. Definitions are read as they are, sequences as they stand at the moment. */
export async function prove(options: ProofOptions): Promise<Proof> {
  const sides = [options.src, options.dst] as const;
  await both(sides, async (client) => {
    for (const [name, value] of Object.entries(SETTINGS)) {
      await client.query('SELECT set_config($1, $2, false)', [name, value]);
    }
  });
  const differences: string[] = [];
  const objects = await compareObjects(sides, options, differences);
  const { tables, rows } = await compareAllRows(sides, options, differences);
  const sequences = options.sequences === false ? 0 : await compareSequences(sides, options.schema, differences);
  return { differences, tables, rows, sequences, objects };
}

type Sides = readonly [pg.ClientBase, pg.ClientBase];

async function both<T>(sides: Sides, ask: (client: pg.ClientBase) => Promise<T>): Promise<[T, T]> {
  const [src, dst] = await Promise.allSettled([ask(sides[0]), ask(sides[1])]);
  // Only now, when neither connection is at work any more.
  if (src.status === 'rejected') throw src.reason;
  if (dst.status === 'rejected') throw dst.reason;
  return [src.value, dst.value];
}

async function compareObjects(sides: Sides, options: ProofOptions, differences: string[]): Promise<number> {
  const [srcMajor, dstMajor] = await both(sides, major);
  let objects = 0;
  for (const { kind, sql, sameMajorOnly } of OBJECT_QUERIES) {
    const roles = options.ignoredRoles ?? ['pglogical'];
    const [src, dst] = await both(sides, async (client) => {
      // $2 is known to the queries about grants only.
      const values = sql.includes('$2') ? [options.schema, roles] : [options.schema];
      const { rows } = await client.query<{ identity: string; definition: string | null }>(sql, values);
      return new Map(rows.map((row) => [row.identity, row.definition ?? '']));
    });
    objects += src.size;
    for (const [identity, definition] of src) {
      const there = dst.get(identity);
      if (there === undefined) differences.push(`${kind} ${identity} is missing on the destination`);
      else if (there !== definition && !(sameMajorOnly === true && srcMajor !== dstMajor)) {
        differences.push(`${kind} ${identity} differs:\n  source:      ${definition}\n  destination: ${there}`);
      }
    }
    for (const identity of dst.keys()) {
      if (!src.has(identity))
        differences.push(`${kind} ${identity} is on the destination only: ${dst.get(identity) ?? ''}`);
    }
  }
  return objects;
}

async function major(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS version`,
  );
  return rows[0]?.version ?? 0;
}

interface Table {
  readonly name: string;
  /** `"Shop Floor"."Orders"`. */
  readonly qualified: string;
  /** Quoted. */
  readonly columns: readonly string[];
  /** False for a materialized view that was never filled. */
  readonly readable: boolean;
}

async function readTables(client: pg.ClientBase, schema: string): Promise<Map<string, Table>> {
  const { rows } = await client.query<Table>(
    `SELECT relname AS name, format('%I.%I', nspname, relname) AS qualified, relispopulated AS readable,
            ARRAY(SELECT quote_ident(attname) FROM pg_attribute
                   WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns
       FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname = $1 AND relkind IN ('r', 'm') ORDER BY relname`,
    [schema],
  );
  return new Map(rows.map((table) => [table.name, table]));
}

async function compareAllRows(
  sides: Sides,
  { schema, exceptRowsOf = [] }: ProofOptions,
  differences: string[],
): Promise<{ tables: number; rows: number }> {
  const [src, dst] = await both(sides, (client) => readTables(client, schema));
  let tables = 0;
  let rows = 0;
  for (const table of src.values()) {
    if (exceptRowsOf.includes(table.name)) continue;
    tables++;
    const there = dst.get(table.name);
    // Asked first: within a transaction, a query that fails would end the proof.
    if (there === undefined || !sameColumns(table, there) || !table.readable || !there.readable) {
      // Neither filled is equal, too.
      if (there?.readable !== table.readable || table.readable) {
        differences.push(
          `rows of ${table.qualified} cannot be compared: it is not there, not filled, or has other columns`,
        );
      }
      continue;
    }
    const [here, copied] = await both(sides, (client) => digest(client, table));
    rows += here.count;
    if (here.digest === copied.digest && here.count === copied.count) continue;
    differences.push(
      `rows of ${table.qualified} differ: ${String(here.count)} on the source, ${String(copied.count)} on the destination` +
        (await examples(sides, table)),
    );
  }
  return { tables, rows };
}

function sameColumns(a: Table, b: Table): boolean {
  return [...a.columns].sort().join() === [...b.columns].sort().join();
}

/** The rows as a multiset: how many, and two sums of hashes of all of them, whatever their order. */
async function digest(client: pg.ClientBase, table: Table): Promise<{ count: number; digest: string }> {
  const { rows } = await client.query<{ count: string; digest: string }>(
    `SELECT count(*) AS count, concat(sum(hashtextextended(line, 1)::numeric), ' ', sum(hashtextextended(line, 2)::numeric)) AS digest
       FROM (SELECT ROW(${table.columns.join(', ')})::text AS line FROM ONLY ${table.qualified} OFFSET 0) rows`,
  );
  return { count: Number(rows[0]?.count), digest: rows[0]?.digest ?? '' };
}

const LARGEST_FOR_EXAMPLES = 300_000;
const EXAMPLES = 3;

/** A few of the rows that differ, for whoever looks for the fault. */
async function examples(sides: Sides, table: Table): Promise<string> {
  const [src, dst] = await both(sides, async (client) => {
    const { rows } = await client.query<{ row: string; count: string }>(
      `SELECT ROW(${table.columns.join(', ')})::text AS row, count(*) AS count FROM ONLY ${table.qualified} GROUP BY 1 LIMIT ${String(LARGEST_FOR_EXAMPLES)}`,
    );
    return new Map(rows.map(({ row, count }) => [row, Number(count)]));
  });
  const surplus = (of: Map<string, number>, over: Map<string, number>): string[] =>
    [...of].filter(([row, count]) => count > (over.get(row) ?? 0)).map(([row]) => row);
  const show = (side: string, rows: string[]): string =>
    rows.length === 0 ? '' : `\n  only on the ${side} (${String(rows.length)}): ${rows.slice(0, EXAMPLES).join(' ')}`;
  return show('source', surplus(src, dst)) + show('destination', surplus(dst, src));
}

async function compareSequences(sides: Sides, schema: string, differences: string[]): Promise<number> {
  const [src, dst] = await both(sides, (client) => sequences(client, schema));
  for (const [name, { next, ascending }] of src) {
    const there = dst.get(name)?.next;
    if (there === undefined || (ascending ? there >= next : there <= next)) continue;
    differences.push(
      `sequence ${name} gives ${String(there)} next on the destination, before the source's ${String(next)}`,
    );
  }
  return src.size;
}

async function sequences(
  client: pg.ClientBase,
  schema: string,
): Promise<Map<string, { next: bigint; ascending: boolean }>> {
  const { rows } = await client.query<{ name: string; increment: string }>(
    `SELECT format('%I.%I', nspname, relname) AS name, seqincrement AS increment
       FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1`,
    [schema],
  );
  const found = new Map<string, { next: bigint; ascending: boolean }>();
  for (const { name, increment } of rows) {
    const state = await client.query<{ last_value: string; is_called: boolean }>(
      `SELECT last_value, is_called FROM ${name}`,
    );
    const [row] = state.rows;
    if (row === undefined) continue;
    const next = BigInt(row.last_value) + (row.is_called ? BigInt(increment) : 0n);
    found.set(name, { next, ascending: BigInt(increment) > 0n });
  }
  return found;
}
