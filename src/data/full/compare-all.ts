import type { Pair } from '../../pair/pair.js';
import { readTables, type Table } from '../../postgres/catalog/tables.js';
import type { Session } from '../../postgres/session.js';
import { readEquality } from '../operators.js';
import { conclude, sort, type Found, type Validation } from '../validate.js';
import { explain } from './explain.js';
import { RANGES_SINCE, readLarge, readSmall, type FirstPass } from './first-pass.js';
import { fullTable, readSizes, type FullTable } from './full-table.js';
import { chooseHashing, type Hashing } from './hashing.js';
import { Progress } from './progress.js';
import { equalTable, tableResult } from './table-result.js';
import { everyone, inParallel, type Workers } from './workers.js';

export interface CompareAllOptions {
  /** The source's tables, where the caller has read them already. */
  readonly tables?: readonly Table[];
  /** Connections a side. */
  readonly jobs?: number;
  /** Rows that are told one by one, of all tables together. */
  readonly maxDifferences?: number;
  /** Whether changes still arrive: rows that differ are looked at again then, until they agree or the time is up. */
  readonly replicating?: boolean;
  /** Milliseconds that rows in flight are given to arrive. */
  readonly deadlineMs?: number;
  readonly progress?: ((text: string) => void) | undefined;
  /** Bytes that are read at once of a large table. */
  readonly rangeBytes?: number;
}

/** Tables up to this size, on both sides, go together in one statement, in so many at most. */
const SMALL_BYTES = 1024 * 1024;
const SMALL_BATCH = 50;

const RANGE_BYTES = 64 * 1024 * 1024;
const MAX_DIFFERENCES = 20;
const DEADLINE_MS = 60_000;

/** Sorting and grouping in memory; and keys are to be looked up by index, whatever the statistics say. */
const SETTINGS = `SET work_mem = '32MB'; SET cursor_tuple_fraction = 1;
  SET enable_hashjoin = off; SET enable_mergejoin = off`;

/**
 * Compares every row of every table, value by value as stored, without any row coming to belt: both servers hash their
 * rows, each in one pass, and send a digest of each bucket of rows. Buckets that differ are read a second time, to find
 * the rows, and these are looked at one by one.
 * @returns a row for each table, and an error that names tables, keys and columns when something differs
 * @throws RefusedError when the config names a table that is not on the source; ConnectionError, QueryError,
 * InterruptedError
 */
export async function compareAll(pair: Pair, options: CompareAllOptions = {}): Promise<Validation> {
  const { jobs = 4, progress, rangeBytes = RANGE_BYTES } = options;
  const { src, dst } = await pair.roots();
  const schemas = await pair.schemas();
  const [all, there] = await Promise.all([
    options.tables ?? readTables(src, schemas, pair.config.tables),
    readTables(dst, schemas, []),
  ]);
  const { keyed, keyless, unfit } = sort(all, there, 'full');
  const hashing = await chooseHashing(src, dst);
  const fit = [...keyed, ...keyless];
  const [sizesSrc, sizesDst] = await Promise.all([
    readSizes(
      src,
      fit.map((table) => ('table' in table.src ? table.src.table : table.src)),
    ),
    readSizes(
      dst,
      fit.map((table) => ('table' in table.dst ? table.dst.table : table.dst)),
    ),
  ]);
  const none = { blocks: 0, bytes: 0 };
  const tables = fit
    .map((table, place) => fullTable(table, { src: sizesSrc[place] ?? none, dst: sizesDst[place] ?? none }))
    .sort((a, b) => largest(b) - largest(a));
  const [equalsSrc, equalsDst] = await Promise.all([readEquality(src, all), readEquality(dst, there)]);
  const told = new Progress(tables, progress);
  const found = await withWorkers(pair, Math.max(1, jobs), async (workers): Promise<Found[]> => {
    const passes = await firstPass(workers, tables, hashing, rangeBytes, told);
    const findings = await explain(passes, {
      workers,
      hashing,
      equals: { src: equalsSrc, dst: equalsDst },
      maxDifferences: options.maxDifferences ?? MAX_DIFFERENCES,
      replicating: options.replicating ?? false,
      deadlineMs: options.deadlineMs ?? DEADLINE_MS,
      signal: pair.environment.signal,
      progress,
    });
    return passes.map((pass) => {
      const finding = findings.get(pass.table);
      return finding === undefined ? equalTable(pass) : tableResult(pass, finding);
    });
  });
  return conclude(schemas, [...unfit, ...found]);
}

/** Reads every table: large ones one after the other with all sessions, the others side by side. */
async function firstPass(
  workers: Workers,
  tables: readonly FullTable[],
  hashing: Hashing,
  rangeBytes: number,
  progress: Progress,
): Promise<FirstPass[]> {
  const passes: FirstPass[] = [];
  const finish = (pass: FirstPass): void => {
    passes.push(pass);
    progress.finish(pass.table, pass.rows.src);
  };
  const large = tables.filter((table) => largest(table) > 2 * rangeBytes);
  for (const table of large) finish(await readLarge(workers, table, hashing, rangeBytes, progress));
  await inParallel(workers, batches(tables.slice(large.length)), async (sessions, batch) => {
    for (const pass of await readSmall(sessions, batch, hashing, progress)) finish(pass);
  });
  return passes;
}

/** The biggest alone and first; many small ones together. */
function batches(tables: readonly FullTable[]): FullTable[][] {
  const alone = tables.filter((table) => largest(table) > SMALL_BYTES).map((table) => [table]);
  const small = tables.slice(alone.length);
  for (let start = 0; start < small.length; start += SMALL_BATCH) alone.push(small.slice(start, start + SMALL_BATCH));
  return alone;
}

/** Opens the sessions of both sides and prepares them. */
async function withWorkers<T>(pair: Pair, count: number, work: (workers: Workers) => Promise<T>): Promise<T> {
  return pair.withSessions(
    count,
    async (workers) => {
      await everyone([...workers.src, ...workers.dst], (session) => prepare(session, count));
      return work(workers);
    },
    { statementTimeout: 0 },
  );
}

/** Only in sessions of belt's own: they lose these settings when they are used again. */
async function prepare(session: Session, jobs: number): Promise<void> {
  // Workers of parallel queries would take the places that replication's own workers need. Before version 14, though, a
  // table cannot be cut into ranges of blocks.
  const parallel = session.major >= RANGES_SINCE ? 0 : jobs - 1;
  await session.query(`${SETTINGS}; SET max_parallel_workers_per_gather = ${String(parallel)}`);
}

function largest({ sizes }: FullTable): number {
  return Math.max(sizes.src.bytes, sizes.dst.bytes);
}
