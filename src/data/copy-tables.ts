import { BeltError, CheckFailedError, ConnectionError, errorToJson, InterruptedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Side } from '../pair/side.js';
import { copiedTables, readTables, type Table } from '../postgres/catalog/tables.js';
import { makeDurable } from '../postgres/durable.js';
import { literal } from '../postgres/quote.js';
import type { Label, Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { canCopyBinary, copyTable } from './copy-stream.js';
import { countRows, readNonEmpty } from './row-counts.js';

/** What became of one table. */
export interface CopiedTable {
  name: Label;
  loaded: boolean;
  skipped_reason: string | null;
  /** Rows on the destination now; null when it failed. */
  row_count: number | null;
  duration_ms: number;
  error: string | null;
}

export interface CopyTablesResult {
  schema_name: string;
  /** `explicit` when the caller named the tables. */
  discovery_mode: 'auto' | 'explicit';
  tables: CopiedTable[];
}

export interface CopyTablesOptions {
  /** The source's tables to copy; those of the config that pglogical does not replicate when left out. */
  readonly tables?: readonly Table[];
  /** Whether a person has named them. */
  readonly explicit?: boolean;
  /** Tables copied at the same time. */
  readonly jobs?: number;
  readonly progress?: (text: string) => void;
}

/**
 * Copies tables that are not replicated, biggest first, all from one snapshot of the source. Nobody may write to them
 * meanwhile. A table that holds rows on the destination already is left alone: skipped when it has as
 * many as the source, failed otherwise. What was copied is durable when this returns.
 * @returns the rows of the result, and the error when a table failed (the others are copied all the same)
 * @throws RefusedError naming tables that a side lacks; ConnectionError when a server cannot be reached
 */
export async function copyTables(
  pair: Pair,
  { tables, explicit = false, jobs = 4, progress }: CopyTablesOptions = {},
): Promise<{ result: CopyTablesResult; error?: BeltError }> {
  const { src, dst } = await pair.roots();
  const schemas = await pair.schemas();
  const picked = tables ?? copiedTables(await readTables(src, schemas, pair.config.tables));
  const labels = picked.map(({ label }) => label);
  const destination = labels.length === 0 ? [] : await readTables(dst, schemas, labels);
  const nonEmpty = await readNonEmpty(dst, picked);
  const skipped = await skipFilled(
    pair,
    picked.filter(({ label }) => nonEmpty.has(label)),
  );
  const todo = picked.filter(({ label }) => !nonEmpty.has(label)).sort((a, b) => b.bytes - a.bytes);
  const columns = new Map(destination.map((table) => [table.label, table.columns]));
  const copied = await copyAll(pair, todo, Math.max(1, Math.min(jobs, todo.length)), async (source, target, table) => {
    progress?.(table.label);
    return copyTable(source, target, table, canCopyBinary(table.columns, columns.get(table.label) ?? []));
  });
  if (copied.length > 0) await makeDurable(dst);

  const done = [...skipped, ...copied].sort((a, b) => (a.row.name < b.row.name ? -1 : 1));
  const failures = done.flatMap(({ row, error }) => (error === undefined ? [] : [{ row, error }]));
  const result: CopyTablesResult = {
    schema_name: schemas.text,
    discovery_mode: explicit ? 'explicit' : 'auto',
    tables: done.map(({ row }) => row),
  };
  return failures.length === 0 ? { result } : { result, error: failure(schemas, failures) };
}

interface Done {
  readonly row: CopiedTable;
  readonly error?: BeltError;
}

/** Tables that have rows on the destination: the work of an earlier run, or something that must not be touched. */
async function skipFilled(pair: Pair, tables: readonly Table[]): Promise<Done[]> {
  if (tables.length === 0) return [];
  // Counting takes as long as the tables are large.
  const count = (side: Side): Promise<Map<Label, number>> =>
    side.withSessions(1, 'root', (sessions) => countRows(sessions[0] as Session, tables), { statementTimeout: 0 });
  const [source, destination] = await Promise.all([count(pair.src), count(pair.dst)]);
  return tables.map(({ label }) => {
    const [there, here] = [source.get(label) ?? 0, destination.get(label) ?? 0];
    const row = { name: label, loaded: false, row_count: here, duration_ms: 0 };
    if (there === here) {
      return {
        row: { ...row, skipped_reason: `the destination has the source's ${String(there)} rows already`, error: null },
      };
    }
    const message = `the destination holds ${String(here)} rows already, the source ${String(there)}`;
    const error = new CheckFailedError(message, {
      hint: 'Find out where those rows come from. If they may go, empty the table on the destination and run the command again.',
      detail: { side: 'dst', source_rows: there, destination_rows: here },
    });
    return { row: { ...row, skipped_reason: null, error: message }, error };
  });
}

type Copy = (src: Session, dst: Session, table: Table) => Promise<number>;

/** Copies the tables with some workers, each with a session a side, which take the next table when they are free. */
async function copyAll(pair: Pair, tables: readonly Table[], jobs: number, copy: Copy): Promise<Done[]> {
  if (tables.length === 0) return [];
  const queue = [...tables];
  const done: Done[] = [];
  // The snapshot lives as long as this transaction, whatever becomes of the workers.
  const [opened, ...workers] = await Promise.allSettled([
    pair.src.open('root', { statementTimeout: 0 }),
    ...Array.from({ length: jobs }, () => openWorker(pair)),
  ]);
  const ready = workers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    if (opened.status === 'rejected') throw opened.reason;
    // Fewer workers than asked for (the server may be short of connections) are slower, but do.
    for (const one of workers) if (one.status === 'rejected' && ready.length === 0) throw one.reason;
    const keeper = opened.value;
    await keeper.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { snapshot } = await keeper.one<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
    const settled = await Promise.allSettled(
      ready.map(async (first) => {
        let worker = first;
        await worker.useSnapshot(snapshot);
        for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
          const one = await copyOne(pair, worker, table, copy);
          done.push(one);
          if (one.error === undefined || queue.length === 0) continue;
          // Its other side may be in the middle of a COPY: the next table gets fresh sessions.
          await worker.close();
          worker = await openWorker(pair);
          ready.push(worker);
          await worker.useSnapshot(snapshot);
        }
      }),
    );
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    // Connections of a copy that failed may be in the middle of it.
    if (done.every(({ error }) => error === undefined)) {
      await Promise.all([pair.src.giveBack('root', keeper), ...ready.map((worker) => worker.giveBack())]);
      ready.length = 0;
    } else {
      await keeper.close();
    }
    return done;
  } catch (error) {
    if (opened.status === 'fulfilled') await opened.value.close();
    throw error;
  } finally {
    await Promise.all(ready.map((worker) => worker.close()));
  }
}

interface Worker {
  readonly src: Session;
  readonly dst: Session;
  useSnapshot(id: string): Promise<void>;
  giveBack(): Promise<void>;
  close(): Promise<void>;
}

async function openWorker(pair: Pair): Promise<Worker> {
  const [src, dst] = await Promise.allSettled([
    pair.src.open('root', { statementTimeout: 0 }),
    pair.dst.open('root', { statementTimeout: 0 }),
  ]);
  if (src.status === 'rejected' || dst.status === 'rejected') {
    for (const one of [src, dst]) if (one.status === 'fulfilled') await one.value.close();
    throw src.status === 'rejected' ? src.reason : (dst as PromiseRejectedResult).reason;
  }
  const sessions = { src: src.value, dst: dst.value };
  return {
    ...sessions,
    useSnapshot: async (id) => {
      await Promise.all([
        sessions.src.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${literal(id)}`),
        // Triggers and foreign keys have done their work on the source. One flush at the end makes all durable.
        sessions.dst.query('SET session_replication_role = replica; SET synchronous_commit = off'),
      ]);
    },
    giveBack: async () => {
      await Promise.all([pair.src.giveBack('root', sessions.src), pair.dst.giveBack('root', sessions.dst)]);
    },
    close: async () => {
      await Promise.all([sessions.src.close(), sessions.dst.close()]);
    },
  };
}

async function copyOne(pair: Pair, worker: Worker, table: Table, copy: Copy): Promise<Done> {
  const started = performance.now();
  const row = { name: table.label, skipped_reason: null };
  const duration = (): number => Math.round(performance.now() - started);
  try {
    const count = await copy(worker.src, worker.dst, table);
    return { row: { ...row, loaded: true, row_count: count, duration_ms: duration(), error: null } };
  } catch (error) {
    if (pair.environment.signal.aborted)
      throw new InterruptedError('interrupted while tables were copied', { cause: error });
    if (!(error instanceof BeltError)) throw error;
    return { row: { ...row, loaded: false, row_count: null, duration_ms: duration(), error: error.message }, error };
  }
}

function failure(schemas: Schemas, failures: readonly { row: CopiedTable; error: BeltError }[]): BeltError {
  const described = failures.map(({ row, error }) => `"${row.name}": ${error.message}`);
  const [first] = failures;
  const Kind = first?.error instanceof ConnectionError ? ConnectionError : CheckFailedError;
  return new Kind(
    `${String(failures.length)} ${failures.length === 1 ? 'table' : 'tables'} of ${schemas.words} could not be copied: ${described.join('; ')}`,
    {
      hint: first?.error.hint,
      detail: {
        side: first?.error.detail?.['side'] ?? null,
        object: first?.row.name ?? null,
        tables: failures.map(({ row, error }) => ({ table: row.name, ...errorToJson(error).detail })),
      },
      cause: first?.error,
    },
  );
}
