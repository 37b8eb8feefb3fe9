import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, QueryError } from '../errors.js';
import { canCopyBinary } from '../data/copy-stream.js';
import { formatBytes } from '../bytes.js';
import type { Pair } from '../pair/pair.js';
import { forward } from '../pglogical/direction.js';
import { readSlot, slotName } from '../pglogical/state.js';
import { readTables, type Table } from '../postgres/catalog/tables.js';
import { makeDurable } from '../postgres/durable.js';
import { qualified } from '../postgres/quote.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { readNonEmpty } from '../data/row-counts.js';
import { lockPair } from '../pair/lock.js';
import type { Session } from '../postgres/session.js';
import type { CopyTable } from './chunk.js';
import type { Controls } from './controls.js';
import { dropSlot } from './hand-over.js';
import {
  beginRun,
  makeJournal,
  planTables,
  readJournal,
  readRun,
  type CopyRun,
  type JournalTable,
} from '../pglogical/copy-journal.js';
import { planChunks } from './plan.js';
import { openWave, type Wave } from './wave.js';
import { copyChunks } from './workers.js';

export interface CopyOptions {
  /** How many pieces at once, and how fast in all; may change meanwhile. */
  readonly controls: Controls;
  /** Milliseconds that the snapshot may wait for transactions of others. */
  readonly lockWait: number;
  /** The size of the pieces that big tables are copied in, in bytes. */
  readonly chunkSize: number | undefined;
  readonly progress: (text: string) => void;
}

const CHUNK_BYTES = 128 * 1024 * 1024;
/** PostgreSQL reads a range of blocks by itself from this version on. */
const TID_RANGE_MAJOR = 14;
const WAVES = 20;
const WAVE_PAUSE_MS = 5_000;
const PROGRESS_MS = 500;

/**
 * Copies the rows of the tables to the destination, with several workers, from one snapshot of the source; or what an
 * earlier run has not copied, from a later one. A lost connection, or a server that starts anew, only makes it longer.
 * The subscription must be there, asleep: see hand-over.ts.
 * @returns what the journal says when all is there
 * @throws RefusedError when changes since an earlier run are lost; QueryError when a server refuses rows
 */
export async function copyTables(pair: Pair, tables: readonly Table[], options: CopyOptions): Promise<JournalTable[]> {
  for (let waves = 1; ; waves++) {
    try {
      const missing = await missingTables(pair, tables);
      if (missing.length === 0 && (await readRun(await pair.dst.root())) !== null) break;
      await copyWave(pair, missing, options);
    } catch (error) {
      if (!(error instanceof ConnectionError) || waves >= WAVES) throw error;
      options.progress(`${error.message}; tries again`);
      await sleep(WAVE_PAUSE_MS, undefined, { signal: pair.environment.signal });
      await pair.reopen();
      await lockPair(pair, 'both');
    }
  }
  await makeDurable(await pair.dst.root());
  return readJournal(await pair.dst.root(), pair.schema);
}

/** The tables that are not whole in the journal. */
export async function missingTables(pair: Pair, tables: readonly Table[]): Promise<Table[]> {
  const session = await pair.dst.root();
  if ((await readRun(session)) === null) return [...tables];
  const whole = new Set((await readJournal(session, pair.schema)).filter(isWhole).map(({ name }) => name));
  return tables.filter(({ name }) => !whole.has(name));
}

function isWhole({ chunks, chunks_done, source_rows }: JournalTable): boolean {
  return chunks_done === chunks && source_rows !== null;
}

async function copyWave(pair: Pair, missing: readonly Table[], options: CopyOptions): Promise<void> {
  const direction = forward(pair);
  const { src, dst } = await pair.roots();
  const slot = await slotName(dst, direction);
  await makeJournal(dst);
  const run = await goingOn(pair, slot);
  if (run === null) await dropSlot(direction, slot, pair.environment.signal);
  const wave = await openWave(pair, run === null ? slot : null, missing, options);
  try {
    if (run === null) await beginRun(dst, slot, wave.lsn, options.controls.jobs);
    const destination = new Map((await readTables(dst, pair.schema, [])).map((table) => [table.name, table.columns]));
    const planned = missing.map((table): CopyTable => {
      const { blocks, bytes } = wave.sizes.get(table.name) ?? { blocks: 0, bytes: 0 };
      const binary = canCopyBinary(
        table.columns.filter(({ generated }) => !generated),
        destination.get(table.name) ?? [],
      );
      return { table, binary, blocks, bytes };
    });
    const chunks = planChunks(planned, {
      chunkBytes: options.chunkSize ?? CHUNK_BYTES,
      canSplit: src.major >= TID_RANGE_MAJOR,
    });
    await emptyTables(pair, missing);
    const counts = new Map<string, number>();
    for (const { table } of chunks) counts.set(table.table.name, (counts.get(table.table.name) ?? 0) + 1);
    await planTables(
      dst,
      pair.schema,
      wave.lsn,
      planned.map(({ table: { name }, bytes }) => ({ name, bytes, chunks: counts.get(name) ?? 1 })),
    );
    await copyPlanned(pair, wave, chunks, options);
  } finally {
    await wave.close();
  }
}

/** The earlier run that can be gone on with: its slot still holds all changes since. */
async function goingOn(pair: Pair, slot: string): Promise<CopyRun | null> {
  const { src, dst } = await pair.roots();
  const run = await readRun(dst);
  if (run?.slot !== slot) return null;
  const whole = (await readJournal(dst, pair.schema)).some(isWhole);
  // Nothing is whole: to begin anew is simpler, and lets the source throw its log away.
  if (!whole || !(await mayNoteTables(dst))) return null;
  const state = await readSlot(src, slot);
  return state === null || state.wal_status === 'lost' ? null : run;
}

/** Going on writes into pglogical's catalog which table is how far; not every service lets its administrators do so. */
async function mayNoteTables(session: Session): Promise<boolean> {
  const { may } = await session.one<{ may: boolean }>(
    "SELECT has_table_privilege('pglogical.local_sync_status', 'INSERT, DELETE') AS may",
  );
  return may;
}

async function copyPlanned(
  pair: Pair,
  wave: Wave,
  chunks: ReturnType<typeof planChunks<CopyTable>>,
  { controls, progress }: CopyOptions,
): Promise<void> {
  const all = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  let passed = 0;
  let done = 0;
  const started = performance.now();
  const timer = setInterval(() => {
    const seconds = (performance.now() - started) / 1000;
    progress(
      `${formatBytes(passed)} copied of about ${formatBytes(all)}, ${formatBytes(passed / seconds)}/s, ` +
        `${String(done)} of ${String(chunks.length)} pieces`,
    );
  }, PROGRESS_MS);
  try {
    await copyChunks(pair, wave, chunks, {
      controls,
      passed: (bytes) => {
        passed += bytes;
      },
      finished: () => {
        done += 1;
      },
    });
  } finally {
    clearInterval(timer);
  }
}

/**
 * Empties what is not whole. As a replica, so that back replication would not empty the source. Tables to which others
 * refer cannot be truncated alone: their rows are deleted.
 */
async function emptyTables(pair: Pair, tables: readonly Table[]): Promise<void> {
  const session = await pair.dst.root();
  const filled = await readNonEmpty(session, tables);
  const names = tables.filter(({ name }) => filled.has(name)).map(({ schema, name }) => qualified(schema, name));
  if (names.length === 0) return;
  const asReplica = async (statements: readonly string[]): Promise<void> => {
    await session.withStatementTimeout(0, () =>
      session.transaction(async () => {
        await session.query('SET LOCAL session_replication_role = replica');
        for (const statement of statements) await session.query(statement);
      }),
    );
  };
  try {
    await asReplica([`TRUNCATE ONLY ${names.join(', ONLY ')}`]);
  } catch (error) {
    if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.featureNotSupported) throw error;
    await asReplica(names.map((name) => `DELETE FROM ONLY ${name}`));
  }
}
