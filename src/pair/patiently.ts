import { setTimeout as sleep } from 'node:timers/promises';
import { DeadlineError, QueryError } from '../errors.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import type { Role, Side } from './side.js';

/** How often a lock is tried for, and how long each time: everybody else gets through in between. */
const ATTEMPTS = 5;
const LOCK_TIMEOUT_MS = 3_000;
const PAUSE_MS = 500;

/** The same where long work waits for it, which nobody watches: some two minutes. */
export const LONG_ATTEMPTS = 24;

/** No lock is waited for that long; a server that falls silent is. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** How often somebody looks who is in the way. */
const WATCH_MS = 400;

/** Somebody else had the lock for too long, or both waited for each other. */
const IN_THE_WAY: readonly string[] = [SQLSTATE.lockNotAvailable, SQLSTATE.deadlockDetected];

interface Blocker {
  pid: number;
  who: string;
}

export interface PatientOptions {
  /** What is done, for the message: `emptying the tables`. */
  readonly what: string;
  /** As whom; root when left out. */
  readonly role?: Role;
  readonly signal: AbortSignal | undefined;
  readonly progress?: ((text: string) => void) | undefined;
  /** How often it is tried; 5 when left out, which is some 20 seconds. */
  readonly attempts?: number;
}

/**
 * Runs work that needs locks which shut others out, on a session of its own: it gives a lock up after 3 seconds, lets
 * everybody through, and tries again. `work` must be fit to run again after it failed half-way.
 * @throws DeadlineError after the last try, naming the sessions that hold what it waits for
 */
export async function patiently<T>(
  side: Side,
  { role = 'root', attempts = ATTEMPTS, ...options }: PatientOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await side.open(role, { lockTimeout: LOCK_TIMEOUT_MS, statementTimeout: STATEMENT_TIMEOUT_MS });
  try {
    return await tryPatiently(side, session, attempts, options, () => work(session));
  } finally {
    await session.close();
  }
}

/**
 * Begins a transaction on a session with locks that others may hold for a while, such as the time of a VACUUM FULL.
 * @param statements BEGIN and all that belongs to it, up to the locks
 * @throws DeadlineError after some minutes, naming the sessions that hold what it waits for
 */
export async function beginPatiently(
  side: Side,
  session: Session,
  statements: string,
  options: Omit<PatientOptions, 'role' | 'attempts'>,
): Promise<void> {
  await tryPatiently(side, session, LONG_ATTEMPTS, options, async () => {
    try {
      await session.query(statements);
    } catch (error) {
      if (isInTheWay(error)) await session.query('ROLLBACK');
      throw error;
    }
  });
}

async function tryPatiently<T>(
  side: Side,
  session: Session,
  attempts: number,
  { what, signal, progress }: Omit<PatientOptions, 'role' | 'attempts'>,
  work: () => Promise<T>,
): Promise<T> {
  const { pid } = session;
  for (let attempt = 1; ; attempt++) {
    const watch = watchBlockers(side, pid, progress);
    let failure: unknown;
    try {
      return await work();
    } catch (error) {
      failure = error;
    } finally {
      await watch.end();
    }
    if (!isInTheWay(failure)) throw failure;
    if (attempt === attempts) throw blockedError(side, what, watch.seen(), failure);
    await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

function isInTheWay(error: unknown): error is QueryError {
  return error instanceof QueryError && IN_THE_WAY.includes(error.sqlstate);
}

/** Looks, while the other session works, who keeps it waiting. */
function watchBlockers(side: Side, pid: number, progress: PatientOptions['progress']) {
  let last: Blocker[] = [];
  const over = new AbortController();
  const look = async (): Promise<void> => {
    for (;;) {
      await sleep(WATCH_MS, undefined, { signal: over.signal });
      const now = await readBlockers(await side.root(), pid);
      if (now.length === 0) continue;
      last = now;
      progress?.(`waits for ${now.map(({ who }) => who).join('; ')}`);
    }
  };
  // What goes wrong with looking shows in the work itself.
  const looking = look().catch(() => undefined);
  return {
    seen: () => last,
    end: async () => {
      over.abort();
      await looking;
    },
  };
}

/** The sessions that hold, or wait in line for, a lock that this one waits for. */
async function readBlockers(session: Session, pid: number): Promise<Blocker[]> {
  return session.query<Blocker>(
    `SELECT b.pid, CASE WHEN a.pid IS NULL THEN 'a prepared transaction (see pg_prepared_xacts)' ELSE
              format('pid %s (%s%s, %s for %s s)', a.pid, coalesce(a.usename, a.backend_type),
                     coalesce(', ' || nullif(a.application_name, ''), ''), coalesce(a.state, 'in a transaction'),
                     coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::int, 0)) END AS who
       FROM (SELECT DISTINCT unnest(pg_blocking_pids($1)) AS pid) b LEFT JOIN pg_stat_activity a USING (pid)
      ORDER BY a.xact_start LIMIT 5`,
    [pid],
  );
}

function blockedError(side: Side, what: string, blockers: readonly Blocker[], cause: QueryError): DeadlineError {
  const pids = blockers.map(({ pid }) => pid).filter((pid) => pid !== 0);
  const who = blockers.map((blocker) => blocker.who).join('; ');
  return new DeadlineError(
    `${what} in the ${side.toString()} needs locks that others hold: ${who || 'sessions that have ended meanwhile'}`,
    {
      hint:
        (pids.length === 0
          ? ''
          : `End those sessions, or wait for them (SELECT pg_terminate_backend(${String(pids[0])})). `) +
        'Then run the same command again: it goes on where it stopped.',
      detail: { side: side.name, blocked_by: pids, sqlstate: cause.sqlstate },
      cause,
    },
  );
}
