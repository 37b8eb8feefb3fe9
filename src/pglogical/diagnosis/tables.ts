import { qualified } from '../../postgres/quote.js';
import type { Column, Table } from '../../postgres/catalog/tables.js';
import { readTables, replicatedTables } from '../../postgres/catalog/tables.js';
import type { Schemas } from '../../postgres/schemas.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { tablesInSet } from '../replication-sets.js';
import { finding, listNames, type Facts } from './facts.js';

/** One replicated table as both sides have it; null where it is not there. */
interface Both {
  readonly name: string;
  readonly from: Table | null;
  readonly to: Table | null;
}

/** What a table's trouble means, by code; `names` are tables, or columns of tables, quoted. */
type Troubles = Map<string, string[]>;

/** Tables that differ between the sides in a way that stops apply, now or with the first change that meets it. */
export async function tableFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, pair, provider, subscriber } = facts;
  const schemas = await pair.schemas();
  const [from, to] = await Promise.all([readTables(provider, schemas, []), readTables(subscriber, schemas, [])]);
  const members = await tablesInSet(direction.provider);
  const inSet = from.filter(({ schema, name }) => members.has(qualified(schema, name)));
  const troubles: Troubles = new Map();
  for (const table of inSet) {
    const other = to.find(({ label }) => label === table.label) ?? null;
    compare({ name: qualified(table.schema, table.name), from: table, to: other }, troubles);
  }
  // Belt builds them when the rows are there.
  if (facts.copy !== null) troubles.delete('subscriber-key-missing');
  for (const name of newTables(facts, schemas, from, to, members)) add(troubles, 'table-not-replicated', name);
  return [...troubles].map(([code, names]) => tell(facts, code as Code, names));
}

function compare({ name, from, to }: Both, troubles: Troubles): void {
  if (from === null) return;
  if (from.identityColumns === null) add(troubles, 'provider-key-missing', name);
  if (to === null) {
    add(troubles, 'table-missing', name);
    return;
  }
  if (to.identityColumns === null) add(troubles, 'subscriber-key-missing', name);
  if (to.hasAlwaysTriggers) add(troubles, 'trigger-fires', name);
  const columns = new Map(to.columns.map((column) => [column.name, column]));
  for (const column of from.columns) {
    const other = columns.get(column.name);
    columns.delete(column.name);
    const called = `${column.name} of ${name}`;
    if (other === undefined) add(troubles, 'column-missing', called);
    else if (other.generated && !column.generated) add(troubles, 'column-generated', called);
    else if (other.type !== column.type)
      add(troubles, 'column-type', `${called} (${column.type}, there ${other.type})`);
  }
  for (const extra of columns.values()) {
    if (extra.generated) add(troubles, 'column-generated', `${extra.name} of ${name}`);
    else if (needsValue(extra)) add(troubles, 'column-not-null', `${extra.name} of ${name}`);
  }
}

function needsValue({ notNull, hasDefault, identity }: Column): boolean {
  return notNull && !hasDefault && identity === null;
}

/** Tables that could replicate, but are in no set: made after setup. The source decides, as in setup. */
function newTables(
  { direction, pair }: Facts,
  schemas: Schemas,
  from: Table[],
  to: Table[],
  members: ReadonlySet<string>,
): string[] {
  const { tables: only } = pair.config;
  const source = direction.name === 'forward' ? from : to;
  return replicatedTables(source)
    .filter((table) => only.length === 0 || schemas.named(only, table))
    .map(({ schema, name }) => qualified(schema, name))
    .filter((name) => !members.has(name));
}

function add(troubles: Troubles, code: Code, name: string): void {
  troubles.set(code, [...(troubles.get(code) ?? []), name]);
}

type Code =
  | 'provider-key-missing'
  | 'table-missing'
  | 'subscriber-key-missing'
  | 'trigger-fires'
  | 'column-missing'
  | 'column-generated'
  | 'column-type'
  | 'column-not-null'
  | 'table-not-replicated';

interface Meaning {
  readonly severity: DoctorFinding['severity'];
  readonly on: 'provider' | 'subscriber';
  readonly problem: (names: string, provider: string, subscriber: string) => string;
  readonly remedy: string;
  /** Back, where it is another one. */
  readonly remedyBack?: string;
}

const MEANINGS: Readonly<Record<Code, Meaning>> = {
  'table-missing': {
    severity: 'fail',
    on: 'subscriber',
    problem: (names, provider, subscriber) =>
      `the ${subscriber} lacks replicated tables of the ${provider}: ${names}; the first change to one stops replication`,
    remedy:
      'Create them there with the same columns and key. Rows that should be in them already must be copied by hand.',
  },
  'column-missing': {
    severity: 'fail',
    on: 'subscriber',
    problem: (names, provider, subscriber) =>
      `the ${subscriber} lacks columns that the ${provider} has: ${names}; the first change to such a table stops replication`,
    remedy: 'Add them there (ALTER TABLE ... ADD COLUMN), with the same types.',
  },
  'column-generated': {
    severity: 'fail',
    on: 'subscriber',
    problem: (names, _, subscriber) =>
      `generated columns on the ${subscriber}: ${names}; the first row that is applied to such a table makes pglogical crash its ` +
      'whole server, again and again',
    remedy:
      'Drop them there at once, or make plain columns of them (ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION).',
  },
  'column-not-null': {
    severity: 'fail',
    on: 'subscriber',
    problem: (names, provider, subscriber) =>
      `columns on the ${subscriber} that the ${provider} does not have are NOT NULL without a default: ${names}; the first row ` +
      'inserted into such a table stops replication',
    remedy: 'Give them a default, or drop NOT NULL there (ALTER TABLE ... ALTER COLUMN ...).',
  },
  'column-type': {
    severity: 'warn',
    on: 'subscriber',
    problem: (names, provider, subscriber) =>
      `columns differ in type between the ${provider} and the ${subscriber}: ${names}; a value that does not fit stops replication`,
    remedy: 'Make the types the same (ALTER TABLE ... ALTER COLUMN ... TYPE).',
  },
  'subscriber-key-missing': {
    severity: 'fail',
    on: 'subscriber',
    problem: (names, _, subscriber) =>
      `replicated tables have no primary key or replica identity index on the ${subscriber}: ${names}; the first UPDATE or ` +
      'DELETE stops replication',
    remedy: 'Add the primary key there that the other side has (ALTER TABLE ... ADD PRIMARY KEY).',
  },
  'provider-key-missing': {
    severity: 'fail',
    on: 'provider',
    problem: (names, provider) =>
      `replicated tables have lost their primary key or replica identity on the ${provider}: ${names}; UPDATE and DELETE ` +
      'there do not reach the other side',
    remedy: 'Put the key back (ALTER TABLE ... ADD PRIMARY KEY), and compare the rows of both sides.',
  },
  'trigger-fires': {
    severity: 'warn',
    on: 'subscriber',
    problem: (names, _, subscriber) =>
      `tables on the ${subscriber} have triggers ENABLE ALWAYS or ENABLE REPLICA: ${names}; they fire for every replicated ` +
      'row, and an error in one stops replication',
    remedy: 'Disable them there until the cutover is over (ALTER TABLE ... DISABLE TRIGGER ...).',
  },
  'table-not-replicated': {
    severity: 'warn',
    on: 'provider',
    problem: (names, provider) =>
      `tables of the ${provider} are not replicated, although they could be: ${names}; they were made after setup, and their rows stay behind`,
    remedy:
      'Create them on the other side, and on this one run, with the table in place of T: SELECT ' +
      "pglogical.replication_set_add_table('pgbelt', 'T', synchronize_data := true). Or copy their rows by hand in the downtime.",
    // Their rows come from the source: copying them home would fail, or overwrite newer ones.
    remedyBack:
      'Once they are on both sides and their rows have been copied to the destination, run belt setup-back-replication ' +
      'again: it adds them.',
  },
};

function tell(facts: Facts, code: Code, names: readonly string[]): DoctorFinding {
  const { provider, subscriber, name } = facts.direction;
  const { severity, on, problem, remedy, remedyBack = remedy } = MEANINGS[code];
  return finding(facts, {
    code,
    severity,
    side: (on === 'provider' ? provider : subscriber).name,
    object: listNames(names),
    problem: problem(listNames(names), provider.word, subscriber.word),
    remedy: name === 'back' ? remedyBack : remedy,
  });
}
