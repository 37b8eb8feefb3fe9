import { setTimeout as sleep } from 'node:timers/promises';
import { DeadlineError, QueryError } from '../errors.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import type { Role, Side } from './side.js';

/** How often a lock is tried for, and how long each time: everybody else gets through in between. */
const ATTEMPTS = 5;
const LOCK_TIMEOUT_MS = 3_000;
const PAUSE_MS = 500;

/** No lock is waited for that long; a server that falls silent is. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** How often somebody looks who is in the way. */
const WATCH_MS = 400;

/** Somebody else had the lock for too long, or both waited for each other. */
const IN_THE_WAY: readonly string[] = [SQLSTATE.lockNotAvailable, SQLSTATE.deadlockDetected];

/** A session that holds, or waits in line for, what another one waits for. */
export interface Blocker {
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
}

/**
 * Runs work that needs locks which shut others out, on a session of its own: it gives a lock up after 3 seconds, lets
 * everybody through, and tries again. `work` must be fit to run again after it failed half-way.
 * @throws DeadlineError after some 20 seconds, naming the sessions that hold what it waits for
 */
export async function patiently<T>(
  side: Side,
  { what, role = 'root', signal, progress }: PatientOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const watcher = await side.root();
  const session = await side.open(role, { lockTimeout: LOCK_TIMEOUT_MS, statementTimeout: STATEMENT_TIMEOUT_MS });
  try {
    const { pid } = await session.one<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    for (let attempt = 1; ; attempt++) {
      const watch = watchBlockers(watcher, pid, progress);
      let failure: unknown;
      try {
        return await work(session);
      } catch (error) {
        failure = error;
      } finally {
        await watch.end();
      }
      if (!(failure instanceof QueryError) || !IN_THE_WAY.includes(failure.sqlstate)) throw failure;
      if (attempt === ATTEMPTS) throw blockedError(side, what, watch.seen(), failure);
      await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  } finally {
    await session.close();
  }
}

/** Looks, while the other session works, who keeps it waiting. */
export function watchBlockers(watcher: Session, pid: number, progress: PatientOptions['progress']) {
  let last: Blocker[] = [];
  const over = new AbortController();
  const look = async (): Promise<void> => {
    for (;;) {
      await sleep(WATCH_MS, undefined, { signal: over.signal });
      const now = await readBlockers(watcher, pid);
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

/** @param what is done: `emptying the tables` */
export function blockedError(side: Side, what: string, blockers: readonly Blocker[], cause: QueryError): DeadlineError {
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
