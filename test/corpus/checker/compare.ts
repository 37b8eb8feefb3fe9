import type pg from 'pg';
import { readFacts, type Facts } from './facts.js';
import { digest, examples, readRowSources } from './rows.js';
import { readSequences, sequenceFault } from './sequences.js';

/**
 * Compares two databases by what their own catalogs and rows say: nothing here is belt's code, so that no fault of belt
 * can hide itself. What a database should be like, `pg_dump | psql` as superuser into one on the same server tells.
 */

/** One thing in which the two are not the same. */
export interface Difference {
  /** `pg_index shop.by_date`, `comment on table shop.orders`, `rows of shop.orders`, `sequence shop.id`. */
  readonly object: string;
  /** `is missing`, `is extra`, or what differs. */
  readonly problem: string;
}

export interface CompareOptions {
  /** Schemas whose objects, rows and sequences are compared. What belongs to no schema is compared always. */
  readonly schemas: readonly string[];
  /** Roles whose privileges do not count: pglogical's when left out. */
  readonly ignoredRoles?: readonly string[];
  /** Privileges that do not count: what one of the two servers does not know. */
  readonly ignoredPrivileges?: readonly string[];
}

/** Text of values must be the same wherever it is made, names always with their schema. */
const SETTINGS = {
  search_path: 'pg_catalog',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  row_security: 'off',
  quote_all_identifiers: 'off',
  statement_timeout: '0',
};

type Sides = readonly [reference: pg.ClientBase, migrated: pg.ClientBase];

/**
 * Everything at once: objects, rows and sequences of `migrated` against those of `reference`.
 * @param reference superuser's connection to the database as it should be (definitions are best compared on one server)
 */
export async function compareDatabases(
  reference: pg.ClientBase,
  migrated: pg.ClientBase,
  options: CompareOptions,
): Promise<Difference[]> {
  return [
    ...(await compareObjects(reference, migrated, options)),
    ...(await compareRows(reference, migrated, options)).differences,
    ...(await compareSequences(reference, migrated, options)),
  ];
}

/** Every row of every catalog that tells of the schemas' objects, and of what belongs to no schema. */
export async function compareObjects(
  reference: pg.ClientBase,
  migrated: pg.ClientBase,
  options: CompareOptions,
): Promise<Difference[]> {
  const [wanted, found] = await both([reference, migrated], (client) => readObjects(client, options));
  return differentFacts(wanted, found);
}

/** All that a database says of its objects, to be compared later with differentFacts(). */
export async function readObjects(
  client: pg.ClientBase,
  { schemas, ignoredRoles = ['pglogical'], ignoredPrivileges = [] }: CompareOptions,
): Promise<Facts> {
  await prepare(client);
  return readFacts(client, { schemas, ignoredRoles, ignoredPrivileges });
}

/** In what the second database's objects are not as the first's. */
export function differentFacts(wanted: Facts, found: Facts): Difference[] {
  const differences: Difference[] = [];
  for (const [object, facts] of wanted) {
    const there = found.get(object);
    if (there === undefined) {
      differences.push({ object, problem: 'is missing' });
      continue;
    }
    const fields = [...new Set([...Object.keys(facts), ...Object.keys(there)])].sort();
    const changed = fields.flatMap((field) => {
      const [one, other] = [JSON.stringify(facts[field] ?? null), JSON.stringify(there[field] ?? null)];
      return one === other ? [] : [`${field} is ${other}, not ${one}`];
    });
    if (changed.length > 0) differences.push({ object, problem: changed.join('; ') });
  }
  for (const object of found.keys()) if (!wanted.has(object)) differences.push({ object, problem: 'is extra' });
  return differences;
}

/** Every row of every table, partition and filled materialized view. */
export async function compareRows(
  reference: pg.ClientBase,
  migrated: pg.ClientBase,
  { schemas }: CompareOptions,
): Promise<{ readonly differences: Difference[]; readonly tables: number; readonly rows: number }> {
  const sides: Sides = [reference, migrated];
  const [wanted, found] = await both(sides, async (client) => {
    await prepare(client);
    return readRowSources(client, schemas);
  });
  const differences: Difference[] = [];
  let rows = 0;
  for (const table of wanted.values()) {
    const object = `rows of ${table.name}`;
    const there = found.get(table.name);
    if (!table.filled && there?.filled === false) continue;
    if (there === undefined || !table.filled || !there.filled) {
      differences.push({
        object,
        problem: there === undefined ? 'are missing' : `are ${there.filled ? '' : 'not '}filled`,
      });
      continue;
    }
    // A dump keeps no dropped columns, but columns of an inheritance child may come in another order.
    const columns = table.columns.filter((column) => there.columns.includes(column));
    const [one, other] = await both(sides, (client) => digest(client, table, columns));
    rows += Number(one.count);
    if (one.count === other.count && one.hash === other.hash) continue;
    const { onlyFirst, onlySecond } = await examples(sides, table, columns);
    differences.push({
      object,
      problem: `are ${other.count}, not ${one.count}; missing: ${onlyFirst.join(' ')}; extra: ${onlySecond.join(' ')}`,
    });
  }
  return { differences, tables: wanted.size, rows };
}

/** Every sequence: the migrated one must never give out what the reference's has given out, nor a smaller value. */
export async function compareSequences(
  reference: pg.ClientBase,
  migrated: pg.ClientBase,
  { schemas }: CompareOptions,
): Promise<Difference[]> {
  const [wanted, found] = await both([reference, migrated], (client) => readSequences(client, schemas));
  return [...wanted].flatMap(([name, state]) => {
    const problem = sequenceFault(state, found.get(name));
    return problem === null ? [] : [{ object: `sequence ${name}`, problem }];
  });
}

async function prepare(client: pg.ClientBase): Promise<void> {
  const settings = Object.entries(SETTINGS);
  await client.query('SELECT set_config(n, v, false) FROM unnest($1::text[], $2::text[]) s(n, v)', [
    settings.map(([name]) => name),
    settings.map(([, value]) => value),
  ]);
}

async function both<T>(sides: Sides, ask: (client: pg.ClientBase) => Promise<T>): Promise<[T, T]> {
  const [one, other] = await Promise.allSettled(sides.map(ask));
  // Only now, when neither connection is at work any more.
  if (one?.status === 'rejected') throw one.reason;
  if (other?.status === 'rejected') throw other.reason;
  if (one === undefined || other === undefined) throw new Error('two sides are compared');
  return [one.value, other.value];
}
