import { RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { patiently } from '../pair/patiently.js';
import { readTables, type Table } from '../postgres/catalog/tables.js';
import { foreignKeysInto, partitionsBesides } from '../postgres/catalog/foreign-keys.js';
import { qualified } from '../postgres/quote.js';
import { readNonEmpty } from './row-counts.js';

/** Tables in one TRUNCATE: few round trips, and well within the locks that a server has room for. */
const BATCH = 100;

/** The tables of the destination that the migration fills, and how they hang together. */
export interface MovedTables {
  /** Those that hold rows. */
  readonly filled: readonly Table[];
  /** All of them, in groups that only one statement can empty: linked by foreign keys. Groups without rows are left out. */
  readonly groups: readonly (readonly Table[])[];
}

/**
 * Reads which tables of the destination belt fills, and which hold rows.
 * @throws RefusedError when a table that is not among them refers to one by a foreign key: PostgreSQL empties such a table
 *   only together with the one that refers to it, and that one is none of belt's
 */
export async function readMovedTables(pair: Pair): Promise<MovedTables> {
  const { src, dst } = await pair.roots();
  const schemas = await pair.schemas();
  const [moved, there] = await Promise.all([
    readTables(src, schemas, pair.config.tables),
    readTables(dst, schemas, []),
  ]);
  const wanted = new Set(moved.filter(({ kind }) => kind !== 'foreign').map(({ label }) => label));
  const labels = there.filter(({ label, kind }) => wanted.has(label) && kind !== 'foreign').map(({ label }) => label);
  // Taking along the partitions of those that are partitioned here.
  const tables = labels.length === 0 ? [] : await readTables(dst, schemas, labels);
  const own = new Map(tables.map((table) => [table.oid, table]));
  const keys = await foreignKeysInto(dst, [...own.keys()]);
  const outside = keys.filter(({ from, partition }) => !own.has(from) && !partition);
  // PostgreSQL wants a partitioned table that refers to another one emptied as a whole.
  const whole = tables.filter(({ oid, kind }) => kind === 'partitioned' && keys.some(({ from }) => from === oid));
  const elsewhere = await partitionsBesides(
    dst,
    whole.map(({ oid }) => oid),
    [...own.keys()],
  );
  const reasons = [...outside.map(({ description }) => description), ...elsewhere];
  if (reasons.length > 0) throw referredToError(pair, reasons);
  const nonEmpty = await readNonEmpty(
    dst,
    tables.filter(({ kind }) => kind === 'table'),
  );
  const filled = tables.filter(({ label, kind }) => kind === 'table' && nonEmpty.has(label));
  const emptied = tables.filter((table) => table.kind === 'table' || whole.includes(table));
  const groups = linked(emptied, keys).filter((group) => group.some(({ label }) => nonEmpty.has(label)));
  return { filled, groups };
}

function referredToError(pair: Pair, keys: readonly string[]): RefusedError {
  return new RefusedError(
    `tables that are not part of the migration refer to tables of the ${pair.dst.toString()} that are to be emptied: ${keys.slice(0, 5).join(', ')}` +
      (keys.length > 5 ? ` and ${String(keys.length - 5)} more` : ''),
    {
      hint: 'belt does not empty those. Drop these foreign keys on the destination, and run the same command again.',
      detail: { side: 'dst', foreign_keys: keys },
    },
  );
}

/** Puts together what foreign keys link, directly or by others. */
function linked(tables: readonly Table[], keys: readonly { from: number; to: number }[]): Table[][] {
  const group = new Map<number, Table[]>(tables.map((table) => [table.oid, [table]]));
  for (const { from, to } of keys) {
    const [one, other] = [group.get(from), group.get(to)];
    if (one === undefined || other === undefined || one === other) continue;
    one.push(...other);
    for (const table of other) group.set(table.oid, one);
  }
  return [...new Set(group.values())];
}

/**
 * Empties the groups, as few statements as are good, each committed by itself. No trigger fires, pglogical's neither:
 * with back replication that one would empty the source. Waits for locks a few seconds at a time.
 * @throws DeadlineError naming the sessions that hold a table
 */
export async function emptyTables(
  pair: Pair,
  groups: readonly (readonly Table[])[],
  progress?: (text: string) => void,
): Promise<void> {
  const batches: Table[][] = [];
  for (const group of groups) {
    const last = batches.at(-1);
    if (last === undefined || last.length + group.length > BATCH) batches.push([...group]);
    else last.push(...group);
  }
  const options = { what: 'emptying the tables', signal: pair.environment.signal, progress };
  for (const batch of batches) {
    await patiently(pair.dst, options, (session) =>
      session.transaction(async () => {
        await session.query('SET LOCAL session_replication_role = replica');
        await session.query(`TRUNCATE ${batch.map(target).join(', ')}`);
      }),
    );
  }
}

/** ONLY keeps tables that inherit from it out of it: those of the migration are named themselves. */
function target({ schema, name, kind }: Table): string {
  return kind === 'partitioned' ? qualified(schema, name) : `ONLY ${qualified(schema, name)}`;
}
