import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, InterruptedError, QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { literal } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { copyChunk, type CopyTable } from './chunk.js';
import type { Chunk } from './plan.js';
import type { Rate } from './rate.js';
import type { Wave } from './wave.js';

/** The snapshot is gone, since the session that kept it is: what is not whole yet must come from a new one. */
export class SnapshotLostError extends ConnectionError {}

export interface WorkersOptions {
  readonly jobs: number;
  readonly rate: Rate;
  /** Is told of bytes as they pass. */
  readonly passed: (bytes: number) => void;
  readonly finished: (chunk: Chunk<CopyTable>, done: { rows: number; bytes: number }) => void;
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
  const stop = new AbortController();
  const work = async (): Promise<void> => {
    let worker: Worker | undefined;
    try {
      for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
        for (let tries = 0; ; tries++) {
          if (stop.signal.aborted) return;
          try {
            worker ??= await openWorker(pair, wave);
            options.finished(chunk, await copyChunk(worker.src, worker.dst, chunk, options.rate, options.passed));
            break;
          } catch (error) {
            await worker?.close();
            worker = undefined;
            if (!isTransient(error) || tries >= PAUSES_MS.length) throw error;
            await sleep(PAUSES_MS[tries], undefined, { signal: pair.environment.signal });
          }
        }
      }
    } catch (error) {
      stop.abort();
      throw error;
    } finally {
      await worker?.close();
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: Math.min(options.jobs, chunks.length) }, work));
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (pair.environment.signal.aborted) throw new InterruptedError('interrupted while tables were copied');
  // What a server refuses says more than the connections that went with it.
  const [error] = [...errors.filter((one) => !isTransient(one)), ...errors];
  if (error !== undefined) throw error;
}

function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError && !(error instanceof SnapshotLostError);
}

interface Worker {
  readonly src: Session;
  readonly dst: Session;
  close(): Promise<void>;
}

async function openWorker(pair: Pair, wave: Wave): Promise<Worker> {
  const opened = await Promise.allSettled([
    pair.src.open('root', { statementTimeout: 0 }),
    pair.dst.open('root', { statementTimeout: 0 }),
  ]);
  const [src, dst] = opened;
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
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
