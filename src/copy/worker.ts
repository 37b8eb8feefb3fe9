import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { endLostSessions, endSessions } from '../postgres/end-sessions.js';
import { literal } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { SnapshotLostError, type Wave } from './wave.js';

/** What one worker works with: a session a side, the source's in the wave's snapshot. */
export interface Worker {
  readonly src: Session;
  readonly dst: Session;
  close(): Promise<void>;
}

/** PostgreSQL's codes when a snapshot that is to be imported is not there. */
const INVALID_SNAPSHOT = new Set(['22023', '42704', '55000']);

/** The key of an advisory lock by which belt knows its workers' sessions on the destination: "belt" and one, in ASCII. */
const WORKERS_KEY = 0x62656c75;

/**
 * Ends the sessions of workers whose belt has died or has lost them, which hold locks as long as the server has not
 * noticed. Belt's lock on the databases must be held: then no other belt's workers are at work.
 */
export async function endLeftWorkers(pair: Pair): Promise<void> {
  const session = await pair.dst.root();
  await endSessions(
    () =>
      session.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
          WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND objsubid = 1
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [WORKERS_KEY],
      ),
    pair.environment.signal,
  );
}

/**
 * @param lost the process on the destination of a worker in whose place this one is, and whose connection was lost
 * @throws SnapshotLostError when the source no longer has the snapshot
 */
export async function openWorker(pair: Pair, wave: Wave, lost?: number): Promise<Worker> {
  const [src, dst] = await Promise.allSettled([
    pair.src.open('root', { statementTimeout: 0 }),
    pair.dst.open('root', { statementTimeout: 0 }),
  ]);
  const close = async (): Promise<void> => {
    const opened = [src, dst].flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.all(opened.map((session) => session.close()));
  };
  try {
    if (src.status === 'rejected') throw src.reason;
    if (dst.status === 'rejected') throw dst.reason;
    if (lost !== undefined) await endLostSessions(dst.value, [lost], pair.environment.signal);
    await Promise.all([
      importSnapshot(src.value, wave.snapshot),
      // Triggers and foreign keys have done their work on the source. The last commits are made durable at the end.
      dst.value.query(
        `SET session_replication_role = replica; SET synchronous_commit = off; SELECT pg_advisory_lock_shared(${String(WORKERS_KEY)})`,
      ),
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
