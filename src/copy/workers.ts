import { setTimeout as sleep } from 'node:timers/promises';
import { CheckFailedError, ConnectionError, InterruptedError, QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { noteSourceRows, notedRows } from '../pglogical/copy-journal.js';
import type { Table } from '../postgres/catalog/tables.js';
import { literal, qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { copyChunk, type CopyTable } from './chunk.js';
import type { Chunk } from './plan.js';
import { workTogether, type Controls } from './controls.js';
import type { Wave } from './wave.js';

/** The snapshot is gone, since the session that kept it is: what is not whole yet must come from a new one. */
export class SnapshotLostError extends ConnectionError {}

export interface WorkersOptions {
  readonly controls: Controls;
  /** Is told of bytes as they pass. */
  readonly passed: (bytes: number) => void;
  /** Is told of each piece that is on the destination. */
  readonly finished: () => void;
}

/** Milliseconds between tries, when a connection is lost. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000];

/** PostgreSQL's code when a snapshot that is to be imported is not there. */
const INVALID_SNAPSHOT = new Set(['22023', '42704', '55000']);

/**
 * Copies the pieces with some workers, each with a session a side. A piece whose connection is lost is tried again, with
 * growing pauses, as long as the snapshot lives.
 * @throws SnapshotLostError when the snapshot is gone; QueryError when a server refuses rows
 */
export async function copyChunks(
  pair: Pair,
  wave: Wave,
  chunks: readonly Chunk<CopyTable>[],
  options: WorkersOptions,
): Promise<void> {
  const queue = [...chunks];
  const left = new Map<CopyTable, number>();
  for (const { table } of chunks) left.set(table, (left.get(table) ?? 0) + 1);
  const stop = new AbortController();
  const { controls } = options;
  const work = async (mayGoOn: () => boolean): Promise<void> => {
    let worker: Worker | undefined;
    try {
      while (mayGoOn()) {
        const chunk = queue.shift();
        if (chunk === undefined) return;
        for (let tries = 0; ; tries++) {
          if (stop.signal.aborted) return;
          try {
            worker ??= await openWorker(pair, wave);
            await copyChunk(worker.src, worker.dst, chunk, controls.rate, options.passed);
            break;
          } catch (error) {
            await worker?.close();
            worker = undefined;
            if (!isTransient(error) || tries >= PAUSES_MS.length) throw error;
            await sleep(PAUSES_MS[tries], undefined, { signal: pair.environment.signal });
          }
        }
        options.finished();
        const remaining = (left.get(chunk.table) ?? 0) - 1;
        left.set(chunk.table, remaining);
        if (remaining === 0) {
          worker ??= await openWorker(pair, wave);
          await checkRows(worker.src, worker.dst, chunk.table.table);
        }
      }
    } catch (error) {
      stop.abort();
      throw error;
    } finally {
      await worker?.close();
    }
  };
  const errors = await workTogether(controls, () => queue.length > 0 && !stop.signal.aborted, work);
  if (pair.environment.signal.aborted) throw new InterruptedError('interrupted while tables were copied');
  // What a server refuses says more than the connections that went with it.
  const [error] = [...errors.filter((one) => !isTransient(one)), ...errors];
  if (error instanceof Error) throw error;
}

function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError && !(error instanceof SnapshotLostError);
}

/**
 * Counts the rows that the source has in the snapshot: as many must be on the destination. Only then is the table whole.
 * @throws CheckFailedError when they are not as many; the table is copied anew next time
 */
async function checkRows(src: Session, dst: Session, { schema, name }: Table): Promise<void> {
  const { rows } = await src.one<{ rows: number }>(
    `SELECT count(*)::float8 AS rows FROM ONLY ${qualified(schema, name)}`,
  );
  const copied = await notedRows(dst, schema, name);
  if (copied === rows) {
    await noteSourceRows(dst, schema, name, rows);
    return;
  }
  throw new CheckFailedError(
    `table "${schema}"."${name}" was not copied whole: ${String(rows)} rows on the source, ${String(copied)} on the destination`,
    {
      hint: 'Was it rewritten meanwhile (VACUUM FULL, CLUSTER, ALTER TABLE)? Run the same command again: it is copied anew.',
      detail: { side: 'dst', object: `${schema}.${name}`, source_rows: rows, destination_rows: copied },
    },
  );
}

interface Worker {
  readonly src: Session;
  readonly dst: Session;
  close(): Promise<void>;
}

async function openWorker(pair: Pair, wave: Wave): Promise<Worker> {
  const [src, dst] = await Promise.allSettled([
    pair.src.open('root', { statementTimeout: 0 }),
    pair.dst.open('root', { statementTimeout: 0 }),
  ]);
  const close = async (): Promise<void> => {
    for (const one of [src, dst]) if (one.status === 'fulfilled') await one.value.close();
  };
  try {
    if (src.status === 'rejected') throw src.reason;
    if (dst.status === 'rejected') throw dst.reason;
    await Promise.all([
      importSnapshot(src.value, wave.snapshot),
      // Triggers and foreign keys have done their work on the source. The last commits are made durable at the end.
      dst.value.query('SET session_replication_role = replica; SET synchronous_commit = off'),
    ]);
    return { src: src.value, dst: dst.value, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function importSnapshot(session: Session, snapshot: string): Promise<void> {
  try {
    await session.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${literal(snapshot)}`,
    );
  } catch (error) {
    if (!(error instanceof QueryError) || !INVALID_SNAPSHOT.has(error.sqlstate)) throw error;
    throw new SnapshotLostError('the snapshot of the source is gone, since the connection that kept it was lost', {
      hint: 'Run the same command again: it goes on with what is missing.',
      detail: { side: 'src' },
      cause: error,
    });
  }
}
