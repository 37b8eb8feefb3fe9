import { serverWords } from '../../postgres/failures.js';
import { ident, qualified } from '../../postgres/quote.js';
import type { Session } from '../../postgres/session.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import type { Change } from './next-changes.js';

interface ColumnFacts {
  readonly name: string;
  /** Part of the key by which changes find their row. */
  readonly key: boolean;
  /** The server sets it itself: UPDATE may not. */
  readonly always: boolean;
}

/** Does a change as apply does it, in the session's open transaction. @throws QueryError when the server refuses it */
export async function tryChange(session: Session, change: Change): Promise<void> {
  const columns = await columnsOf(session, change);
  if (change.action === 'INSERT') {
    await insert(session, change, columns);
    return;
  }
  const where = matches(
    change,
    columns.filter(({ key }) => key).map(({ name }) => name),
    "coalesce($1::json -> 'oldtuple', $1::json -> 'newtuple')",
  );
  // Apply fails without a key; that is a finding of the tables' own.
  if (where === null) return;
  const table = qualified(change.schema, change.table);
  if (change.action === 'DELETE') await session.query(`DELETE FROM ${table} t WHERE ${where}`, [change.json]);
  else await update(session, change, columns, where);
}

/** A row that is there already by a plain unique index is overwritten. Source: pglogical_apply_heap.c, pglogical_tuple_find_conflict. */
async function insert(session: Session, change: Change, columns: readonly ColumnFacts[]): Promise<void> {
  const table = qualified(change.schema, change.table);
  const names = sent(change, columns).map(({ name }) => ident(name));
  if (names.length === 0) return;
  await session.query('SAVEPOINT belt_insert');
  try {
    await session.query(
      `INSERT INTO ${table} (${names.join(', ')}) OVERRIDING SYSTEM VALUE
       SELECT ${names.join(', ')} FROM json_populate_record(NULL::${table}, $1::json -> 'newtuple')`,
      [change.json],
    );
  } catch (error) {
    const words = serverWords(error);
    if (words?.sqlstate !== SQLSTATE.uniqueViolation) throw error;
    await session.query('ROLLBACK TO SAVEPOINT belt_insert');
    const index = await plainIndexColumns(session, change, words.constraint ?? '');
    const where = matches(change, index, "$1::json -> 'newtuple'");
    if (where === null) throw error;
    await update(session, change, columns, where);
  }
}

async function update(session: Session, change: Change, columns: readonly ColumnFacts[], where: string): Promise<void> {
  const table = qualified(change.schema, change.table);
  const names = sent(change, columns)
    .filter(({ always }) => !always)
    .map(({ name }) => ident(name));
  if (names.length === 0) return;
  await session.query(
    `UPDATE ${table} t SET (${names.join(', ')}) =
       (SELECT ${names.join(', ')} FROM json_populate_record(NULL::${table}, $1::json -> 'newtuple')) WHERE ${where}`,
    [change.json],
  );
}

/** The condition that finds the row, for parameter $1; null without columns. */
function matches(change: Change, names: readonly string[], tuple: string): string | null {
  if (names.length === 0) return null;
  const table = qualified(change.schema, change.table);
  const list = names.map(ident);
  return `(${list.map((name) => `t.${name}`).join(', ')}) =
    (SELECT ${list.join(', ')} FROM json_populate_record(NULL::${table}, ${tuple}))`;
}

/** The columns whose values came with the change and are there; large values that did not change are not sent. */
function sent({ json }: Change, columns: readonly ColumnFacts[]): ColumnFacts[] {
  const { newtuple = {} } = JSON.parse(json) as { newtuple?: Record<string, unknown> };
  return columns.filter(({ name }) => Object.hasOwn(newtuple, name));
}

/** The table's columns on the subscriber, generated ones left out. */
function columnsOf(session: Session, { schema, table }: Change): Promise<ColumnFacts[]> {
  return session.query<ColumnFacts>(
    `SELECT a.attname::text AS name, coalesce(a.attnum = ANY (k.columns), false) AS key, a.attidentity = 'a' AS always
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       LEFT JOIN LATERAL (SELECT i.indkey::int2[] AS columns FROM pg_index i
                           WHERE i.indrelid = c.oid AND (i.indisreplident OR i.indisprimary)
                           ORDER BY i.indisreplident DESC LIMIT 1) k ON true
      WHERE n.nspname = $1 AND c.relname = $2 ORDER BY a.attnum`,
    [schema, table],
  );
}

/** The columns of a unique index by which pglogical looks for a row in its way: not partial, no expressions, not deferrable. */
async function plainIndexColumns(session: Session, { schema, table }: Change, index: string): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT a.attname::text AS name
       FROM pg_index i
       JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_class x ON x.oid = i.indexrelid
       CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum
      WHERE n.nspname = $1 AND c.relname = $2 AND x.relname = $3 AND u.place <= i.indnkeyatts
        AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL`,
    [schema, table, index],
  );
  return rows.map(({ name }) => name);
}

const LONGEST_VALUE = 60;

/** The key of the change's row for a sentence: `"id" = 12`; empty without one. Other values of rows are nobody's business. */
export async function keyOf(session: Session, change: Change): Promise<string> {
  const keys = (await columnsOf(session, change)).filter(({ key }) => key).map(({ name }) => name);
  const rows = await session.query<{ name: string; value: string | null }>(
    `SELECT name, coalesce($1::json -> 'oldtuple', $1::json -> 'newtuple') ->> name AS value FROM unnest($2::text[]) AS name`,
    [change.json, keys],
  );
  return rows.map(({ name, value }) => `${ident(name)} = ${value === null ? 'NULL' : shortened(value)}`).join(', ');
}

function shortened(value: string): string {
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}...` : value;
}
