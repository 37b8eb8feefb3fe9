import { QueryError, RefusedError } from '../errors.js';
import { canCopyBinary } from '../data/copy-stream.js';
import type { Pair } from '../pair/pair.js';
import { forward } from '../pglogical/direction.js';
import { tablesInSet } from '../pglogical/replication-sets.js';
import { readSlot, slotName } from '../pglogical/state.js';
import { readTables, type Column, type Table } from '../postgres/catalog/tables.js';
import { makeDurable } from '../postgres/durable.js';
import { ReplicationSession } from '../postgres/replication-session.js';
import type { Label } from '../postgres/schemas.js';
import { qualified } from '../postgres/quote.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { readNonEmpty } from '../data/row-counts.js';
import { LONG_ATTEMPTS, patiently } from '../pair/patiently.js';
import type { CopyTable } from './chunk.js';
import type { Controls } from './controls.js';
import { dropSlot } from './hand-over.js';
import { mayJoin } from './join.js';
import {
  beginRun,
  isWhole,
  makeJournal,
  planTables,
  readJournal,
  readRun,
  type CopyRun,
  type JournalTable,
} from '../pglogical/copy-journal.js';
import { readJournalProgress } from '../pglogical/own-progress.js';
import type { CopyMeter } from './meter.js';
import { gatherSmall, pieceBytes, planChunks } from './plan.js';
import { makeSlot } from './start-slot.js';
import { openWave, type Wave } from './wave.js';
import { endLeftWorkers } from './worker.js';
import { copyPieces } from './workers.js';

export interface CopyOptions {
  /** How many pieces at once, and how fast in all; may change meanwhile. */
  readonly controls: Controls;
  /** Milliseconds that the slot may wait for transactions of others. */
  readonly lockWait: number;
  /** The size of the pieces that big tables are copied in, in bytes. */
  readonly chunkSize: number | undefined;
  /** Is told how far it is. */
  readonly meter: CopyMeter;
  /** Is told of tables that are whole, while others are still copied. */
  readonly whole: (tables: readonly Table[]) => void;
  /** Is told what is in the way. */
  readonly progress: (text: string) => void;
}

/** PostgreSQL reads a range of blocks by itself from this version on. */
const TID_RANGE_MAJOR = 14;
const WAVES = 20;
/** Measuring a table waits for its locks. */
const READING = { what: 'reading the tables', attempts: LONG_ATTEMPTS } as const;

/**
 * Copies the rows of the tables to the destination, with several workers, from one snapshot of the source; or what an
 * earlier run has not copied, from a later one. A lost connection, or a server that starts anew, only makes it longer.
 * The subscription must be there, asleep: see hand-over.ts.
 * @returns what the journal says when all is there
 * @throws RefusedError when the servers no longer fit each other; QueryError when a server refuses rows; ConnectionError,
 *   after which it can be called again
 */
export async function copyTables(pair: Pair, tables: readonly Table[], options: CopyOptions): Promise<JournalTable[]> {
  const dst = await pair.dst.root();
  for (let waves = 1; ; waves++) {
    const missing = await missingTables(pair, tables);
    if (missing.length === 0 && hasSnapshot(await readRun(dst))) break;
    // Each wave ends with all its tables whole, or with an error: only a server that forgets leads here again.
    if (waves > WAVES) throw new Error(`tables are still missing after ${String(WAVES)} waves`);
    await copyWave(pair, tables, missing, options);
  }
  // On the session that has just seen all of it: a server that has crashed since then has ended it.
  await makeDurable(dst);
  return readJournal(dst, await pair.schemas());
}

/** The tables that are not whole in the journal. */
export async function missingTables(pair: Pair, tables: readonly Table[]): Promise<Table[]> {
  const session = await pair.dst.root();
  if ((await readRun(session)) === null) return [...tables];
  const whole = new Set((await readJournal(session, await pair.schemas())).filter(isWhole).map(({ label }) => label));
  return tables.filter(({ label }) => !whole.has(label));
}

/** Whether there is a slot with a snapshot from which tables are copied. */
export function hasSnapshot(run: CopyRun | null): boolean {
  return run !== null && run.phase !== 'preparing';
}

async function copyWave(
  pair: Pair,
  tables: readonly Table[],
  missing: readonly Table[],
  options: CopyOptions,
): Promise<void> {
  const direction = forward(pair);
  options.meter.phase = 'preparing';
  const { src, dst } = await pair.roots();
  const slot = await slotName(dst, direction);
  await makeJournal(dst);
  const run = await goingOn(pair, slot);
  const wanted = run === null ? tables : missing;
  const wave = await begin(pair, { slot, run, wanted }, options);
  try {
    const current = await lockedTables(pair, wanted);
    const destination = await destinationColumns(pair, current, options.progress);
    const planned = current.map((table): CopyTable => {
      const { blocks, bytes } = wave.sizes.get(table.label) ?? { blocks: 0, bytes: 0 };
      const columns = table.columns.filter(({ generated }) => !generated);
      const binary = canCopyBinary(columns, destination.get(table.label) ?? []);
      return { table, binary, blocks, bytes };
    });
    const chunks = planChunks(planned, {
      chunkBytes: options.chunkSize ?? pieceBytes(planned, options.controls.jobs),
      canSplit: src.major >= TID_RANGE_MAJOR,
    });
    const counts = new Map<Label, number>();
    for (const { table } of chunks) counts.set(table.table.label, (counts.get(table.table.label) ?? 0) + 1);
    await planTables(
      dst,
      wave.lsn,
      planned.map(({ table: { schema, name, label }, bytes }) => ({
        schema,
        name,
        bytes,
        chunks: counts.get(label) ?? 1,
      })),
    );
    await emptyTables(pair, wanted, options.progress);
    options.meter.plan(await readJournalProgress(dst, await pair.schemas(), null));
    await copyPieces(pair, wave, gatherSmall(chunks, options.controls.jobs), options);
  } finally {
    await wave.close();
  }
}

/** Takes the snapshot of a wave; the first wave of a run makes the slot before that. */
async function begin(
  pair: Pair,
  { slot, run, wanted }: { readonly slot: string; readonly run: CopyRun | null; readonly wanted: readonly Table[] },
  options: CopyOptions,
): Promise<Wave> {
  const { src, environment, applicationName } = pair;
  const dst = await pair.dst.root();
  if (run === null) await dropSlot(forward(pair), slot, environment.signal);
  // As role pglogical: it alone may load the output plugin on servers that want plugins listed.
  const replication = await ReplicationSession.connect(src.address('pglogical'), {
    applicationName,
    signal: environment.signal,
  });
  try {
    if (run === null) {
      const { lsn, harmless } = await makeSlot(pair, replication, slot, options);
      await beginRun(dst, { slot, start_lsn: lsn, resumable: harmless, jobs: options.controls.jobs });
    }
    return await openWave(pair, replication, wanted, options);
  } finally {
    // The snapshot lives on in the wave's own session.
    await replication.close();
  }
}

/** The earlier run that can be gone on with: its slot still holds all changes since. */
async function goingOn(pair: Pair, slot: string): Promise<CopyRun | null> {
  const { src, dst } = await pair.roots();
  const run = await readRun(dst);
  if (run?.slot !== slot || run.phase !== 'copying' || !run.resumable) return null;
  const whole = (await readJournal(dst, await pair.schemas())).some(isWhole);
  // Nothing is whole: to begin anew is simpler, and lets the source throw its log away.
  if (!whole || !(await mayJoin(dst))) return null;
  const state = await readSlot(src, slot);
  // One that somebody has read, or made anew, lacks changes since then.
  const usable = state !== null && state.wal_status !== 'lost' && state.confirmed_flush_lsn === run.start_lsn;
  return usable ? run : null;
}

/**
 * Empties what is not whole. As a replica, so that back replication would not empty the source. Tables to which others
 * refer cannot be truncated alone: their rows are deleted.
 */
async function emptyTables(pair: Pair, tables: readonly Table[], progress: (text: string) => void): Promise<void> {
  const options = {
    what: 'emptying the tables that were half copied',
    signal: pair.environment.signal,
    progress,
    attempts: LONG_ATTEMPTS,
  };
  const filled = await patiently(pair.dst, options, (session) => readNonEmpty(session, tables));
  const names = tables.filter(({ label }) => filled.has(label)).map(({ schema, name }) => qualified(schema, name));
  if (names.length === 0) return;
  await endLeftWorkers(pair);
  const asReplica = (statements: readonly string[]): Promise<void> =>
    patiently(pair.dst, options, (session) =>
      session.withStatementTimeout(0, () =>
        session.transaction(async () => {
          await session.query('SET LOCAL session_replication_role = replica');
          for (const statement of statements) await session.query(statement);
        }),
      ),
    );
  try {
    await asReplica([`TRUNCATE ONLY ${names.join(', ONLY ')}`]);
  } catch (error) {
    if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.featureNotSupported) throw error;
    await asReplica(names.map((name) => `DELETE FROM ONLY ${name}`));
  }
}

/** How the tables are now: under the wave's locks nobody changes them. */
async function lockedTables(pair: Pair, tables: readonly Table[]): Promise<Table[]> {
  const { src } = await pair.roots();
  const labels = tables.map(({ label }) => label);
  const wanted = new Set(labels);
  // By name, a partitioned table would bring all its partitions.
  const current = (await readTables(src, await pair.schemas(), labels)).filter(({ label }) => wanted.has(label));
  const members = await tablesInSet(pair.src);
  const gone = current.filter(({ schema, name }) => !members.has(qualified(schema, name)));
  if (gone.length === 0) return current;
  throw new RefusedError(
    `tables of the ${pair.src.toString()} are not in the replication set, since they were made anew meanwhile: ${list(gone)}`,
    { hint: 'Run the same command again.', detail: { side: 'src', tables: gone.map(({ label }) => label) } },
  );
}

/** @throws RefusedError when the destination lacks a table or a column that the source has now */
async function destinationColumns(
  pair: Pair,
  tables: readonly Table[],
  progress: (text: string) => void,
): Promise<Map<Label, readonly Column[]>> {
  const schemas = await pair.schemas();
  const known = await patiently(pair.dst, { ...READING, signal: pair.environment.signal, progress }, (session) =>
    readTables(session, schemas, []),
  );
  const there = new Map(known.map((table) => [table.label, table.columns]));
  const missing = tables.flatMap(({ schema, name, label, columns }) => {
    const own = new Set(there.get(label)?.map((column) => column.name));
    if (!there.has(label)) return [qualified(schema, name)];
    return columns
      .filter((column) => !own.has(column.name))
      .map((column) => `${qualified(schema, name)}.${column.name}`);
  });
  if (missing.length === 0) return there;
  throw new RefusedError(`the ${pair.dst.toString()} lacks what the source has by now: ${missing.join(', ')}`, {
    hint: 'Make the same change there (ALTER TABLE, CREATE TABLE), then run the same command again: it goes on where it stopped.',
    detail: { side: 'dst', missing },
  });
}

function list(tables: readonly Table[]): string {
  return tables.map(({ schema, name }) => qualified(schema, name)).join(', ');
}
