import { setTimeout as pause } from 'node:timers/promises';
import pMap from 'p-map';
import { ident } from '../../src/postgres/quote.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';
import {
  compareRows,
  compareSequences,
  differentFacts,
  readObjects,
  type CompareOptions,
  type Difference,
} from './checker/compare.js';
import { readDatabaseFacts } from './checker/database.js';
import type { Facts } from './checker/facts.js';
import { clientTools, dumpSchema, readReference } from './reference.js';
import type { CorpusSchema, Sql } from './schema.js';

/** Moves every database of the corpus at once, each command once for all of them, and remembers what the checker found. */

/** What a command said of one database. */
interface CommandRow {
  readonly success: boolean;
  readonly error: { readonly error_type: string; readonly message: string; readonly hint?: string | null } | null;
  readonly [field: string]: unknown;
}

/** What became of one database. */
export class Moved {
  readonly commands = new Map<string, CommandRow>();
  /** The first command that failed, with what it said. */
  failed: { readonly command: string; readonly message: string } | undefined;
  /** Statements of the schema that failed: the application, not belt. */
  readonly writes: string[] = [];
  objects: Difference[] = [];
  rows: Difference[] = [];
  sequences: Difference[] = [];
  /** Rows that did not come back to the source, and objects that are not there as they were. */
  back: Difference[] = [];
  source: Difference[] = [];
  /** How many rows were compared. */
  compared = 0;
  /** What the destination should be like. */
  reference: Facts = new Map();
  dump = '';
  before: Facts = new Map();

  constructor(
    readonly schema: CorpusSchema,
    readonly pair: TestPair,
  ) {}

  get schemas(): readonly [string, ...string[]] {
    return this.schema.schemas ?? ['shop'];
  }

  get alive(): boolean {
    return this.failed === undefined;
  }
}

/** Where the databases stand that are moved together. */
const CORPUS_DC = 'corpus';
/** What two idle cores keep busy. */
const AT_ONCE = 4;
const DEADLINE_MS = 120_000;
/** One command for all; in containers it takes several times as long as on the machine itself. */
const COMMAND_MS = 1_200_000;
/** All of it. */
export const MOVE_MS = 3_000_000;

/** Makes the databases, moves them all, and compares. Nothing is expected here: see corpus.test.ts. */
export async function moveAll(schemas: readonly CorpusSchema[], log: (line: string) => void): Promise<Moved[]> {
  const clock = stopwatch(log);
  const all = await makeAll(schemas);
  const [first] = all;
  if (first === undefined) throw new Error('the corpus is empty');
  const tools = await clientTools(first.pair);
  const each = (work: (one: Moved) => Promise<void>, atOnce = AT_ONCE): Promise<unknown> =>
    pMap(
      all.filter(({ alive }) => alive),
      work,
      { concurrency: atOnce },
    );
  clock('databases made');
  await each(async (one) => {
    one.dump = await dumpSchema(one.pair, tools);
    one.before = await withClient(one.pair.src, (client) => readObjects(client, { schemas: one.schemas }));
  });
  clock('dumped');
  await belt(all, ['precheck'], { mayFail: true });
  clock('precheck');
  await belt(all, ['setup', '--concurrency', String(AT_ONCE)]);
  clock('setup');
  await each((one) => write(one, 'src', one.schema.forward, 1));
  clock('first writes');
  await Promise.all([
    each((one) => untilReplicating(one, one.pair.dst, 'pg1_pg2'), all.length),
    each(async (one) => {
      one.reference = await readReference(one.pair, tools, one.dump, scopeOf(one));
    }, 2),
  ]);
  clock('replicating, references made');
  await belt(all, ['setup-back-replication', '--concurrency', String(AT_ONCE)]);
  clock('setup-back-replication');
  await each((one) => write(one, 'src', one.schema.forward, 2));
  clock('second writes');
  await belt(all, ['create-indexes', '--concurrency', String(AT_ONCE)]);
  clock('create-indexes');
  await belt(all, ['analyze', '--concurrency', String(AT_ONCE)]);
  clock('analyze');
  await disconnectAll(all);
  await belt(all, ['revoke-logins', '--disconnect', '--concurrency', String(AT_ONCE)]);
  clock('revoke-logins');
  await belt(all, ['teardown-forward-replication', '--concurrency', String(AT_ONCE)]);
  clock('teardown-forward-replication');
  await belt(all, ['sync', '--concurrency', String(AT_ONCE)]);
  clock('sync');
  await each(compareAfterSync);
  clock('rows compared');
  await each(async (one) => {
    await write(one, 'dst', one.schema.back, 3);
    await untilBack(one);
    const { differences } = await withBoth(one.pair.dst, one.pair.src, (dst, src) =>
      compareRows(dst, src, { schemas: one.schemas }),
    );
    one.back = differences;
  });
  clock('written back, rows compared');
  await belt(all, ['teardown-back-replication', '--concurrency', String(AT_ONCE)]);
  clock('teardown-back-replication');
  await disconnectAll(all);
  await belt(all, ['teardown', '--full', '--concurrency', String(AT_ONCE)]);
  clock('teardown');
  await each(compareAtTheEnd);
  clock('objects compared');
  return all;
}

async function makeAll(schemas: readonly CorpusSchema[]): Promise<Moved[]> {
  const make = async (schema: CorpusSchema, project?: string): Promise<Moved> => {
    const pair = await testPair({
      dc: schema.options === undefined ? CORPUS_DC : schema.name,
      db: schema.name,
      schema: schema.schemas?.[0] ?? 'shop',
      makeSchema: false,
      config: (config) => {
        config.schema_name = schema.all === true ? '*' : schema.schemas === undefined ? 'shop' : [...schema.schemas];
      },
      ...(project === undefined ? {} : { project }),
    });
    const text = (sql: Sql | undefined): string => (typeof sql === 'function' ? sql(pair.names) : (sql ?? ''));
    for (const name of (schema.schemas ?? ['shop']).filter((one) => one !== 'public')) {
      await pair.src.sql(`CREATE SCHEMA ${ident(name)} AUTHORIZATION ${ident(pair.names.owner.name)}`);
    }
    await pair.src.sql(text(schema.before));
    await pair.dst.sql(text(schema.destination));
    try {
      await pair.src.ownerSql(text(schema.make));
      await pair.src.sql(text(schema.after));
    } catch (error) {
      throw new Error(`${schema.name} cannot be made: ${String(error)}`, { cause: error });
    }
    return new Moved(schema, pair);
  };
  const [head, ...rest] = schemas;
  if (head === undefined) return [];
  const first = await make(head);
  return [first, ...(await pMap(rest, (schema) => make(schema, first.pair.dir), { concurrency: AT_ONCE }))];
}

/** Runs a command for all, and keeps what it said of each. */
async function belt(
  all: readonly Moved[],
  [command, ...options]: readonly [string, ...string[]],
  { mayFail = false }: { mayFail?: boolean } = {},
): Promise<void> {
  const groups = [...new Set(all.map(({ pair }) => pair.dc))].map((dc) => all.filter(({ pair }) => pair.dc === dc));
  const [first, ...others] = groups;
  if (first === undefined) return;
  const work = (group: readonly Moved[]): Promise<void> => beltFor(group, command, options, mayFail);
  await Promise.all([work(first), pMap(others, work, { concurrency: 2 })]);
}

/** Those of one datacenter. */
async function beltFor(
  all: readonly Moved[],
  command: string,
  options: readonly string[],
  mayFail: boolean,
): Promise<void> {
  const [first] = all;
  if (first === undefined) return;
  const own = first.schema.options?.[command] ?? [];
  const run = await first.pair.beltRaw([command, first.pair.dc, ...options, ...own, '--json'], { timeout: COMMAND_MS });
  const { results } = run.json<{ results: (CommandRow & { db: string })[] }>();
  for (const one of all) {
    const row = results.find(({ db }) => db === one.schema.name);
    if (row === undefined) throw new Error(`nothing is said of ${one.schema.name}\n${run.text}`);
    if (!one.alive) continue;
    one.commands.set(command, row);
    if (!row.success && !mayFail) one.failed = { command, message: row.error?.message ?? run.text };
  }
}

/** What the application does, as owner. */
async function write(one: Moved, side: 'src' | 'dst', sql: Sql | undefined, round: number): Promise<void> {
  const { names } = one.pair;
  const text = typeof sql === 'function' ? sql(names) : (sql ?? '');
  const client = await one.pair[side].connect(names.owner);
  try {
    await client.query(`SET search_path = ${ident(one.schemas[0])}, public; SET corpus.round = '${String(round)}'`);
    await client.query(text);
  } catch (error) {
    one.writes.push(`round ${String(round)}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await client.end();
  }
}

async function untilReplicating(one: Moved, side: TestDatabase, subscription: string): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  for (;;) {
    const [row] = await side.sql<{ status: string }>(
      'SELECT status FROM pglogical.show_subscription_status() WHERE subscription_name = $1',
      [subscription],
    );
    if (row?.status === 'replicating') return;
    if (row?.status === 'down' || performance.now() > end) {
      one.failed = { command: 'replication', message: `${subscription} is ${row?.status ?? 'not there'}` };
      return;
    }
    await pause(100);
  }
}

/** Waits until the source has applied all that the destination has committed. */
async function untilBack(one: Moved): Promise<void> {
  const { dst } = one.pair;
  const [fence] = await dst.sql<{ lsn: string }>(`SELECT pg_logical_emit_message(true, 'corpus', 'fence') AS lsn`);
  const end = performance.now() + DEADLINE_MS;
  for (;;) {
    const rows = await dst.sql<{ there: boolean }>(
      `SELECT confirmed_flush_lsn >= $1::pg_lsn AS there FROM pg_replication_slots WHERE database = current_database()`,
      [fence?.lsn],
    );
    if (rows.length > 0 && rows.every(({ there }) => there)) return;
    if (performance.now() > end) {
      one.failed = { command: 'back replication', message: 'what was written on the destination does not arrive' };
      return;
    }
    await pause(100);
  }
}

async function compareAfterSync(one: Moved): Promise<void> {
  const { src, dst } = one.pair;
  await withBoth(src, dst, async (from, to) => {
    const { differences, rows } = await compareRows(from, to, { schemas: one.schemas });
    one.rows = differences;
    one.compared = rows;
    one.sequences = await compareSequences(from, to, { schemas: one.schemas });
  });
}

/** Of privileges, GRANT ALL in a dump means what the server knows; belt grants what the source has granted. */
function scopeOf({ pair, schemas }: Moved): CompareOptions {
  return { schemas, ignoredPrivileges: pair.src.server.info.major < 17 ? ['MAINTAIN'] : [] };
}

async function compareAtTheEnd(one: Moved): Promise<void> {
  const { src, dst } = one.pair;
  const found = await withClient(dst, (client) => readObjects(client, scopeOf(one)));
  const [database, moved] = await withBoth(src, dst, (from, to) =>
    Promise.all([readDatabaseFacts(from), readDatabaseFacts(to)]),
  );
  one.objects = [...differentFacts(one.reference, found), ...differentFacts(database, moved)];
  const after = await withClient(src, (client) => readObjects(client, { schemas: one.schemas }));
  one.source = differentFacts(one.before, after);
}

/** Belt ends the sessions of the application's roles; the test's own are superuser's and would stay, to no purpose. */
async function disconnectAll(all: readonly Moved[]): Promise<void> {
  await Promise.all(all.flatMap(({ pair }) => [pair.src.disconnect(), pair.dst.disconnect()]));
}

type Client = Awaited<ReturnType<TestDatabase['connect']>>;

async function withClient<T>(side: TestDatabase, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await side.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function withBoth<T>(
  one: TestDatabase,
  other: TestDatabase,
  work: (one: Client, other: Client) => Promise<T>,
): Promise<T> {
  return withClient(one, (first) => withClient(other, (second) => work(first, second)));
}

function stopwatch(log: (line: string) => void): (what: string) => void {
  let last = performance.now();
  return (what) => {
    const now = performance.now();
    log(`${((now - last) / 1000).toFixed(1)} s  ${what}`);
    last = now;
  };
}
