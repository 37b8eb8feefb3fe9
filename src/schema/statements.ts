import { setTimeout as sleep } from 'node:timers/promises';
import { QueryError } from '../errors.js';
import { ident } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';

/** How DDL on tables that others use waits for its locks. */
export const DDL_TIMEOUTS = { statementTimeout: 0, lockTimeout: 3_000 } as const;
const LOCK_TRIES = 20;
const LOCK_PAUSE_MS = 500;

/** Not found by name: what a function does when its body counts on a search_path. */
export const NOT_FOUND: ReadonlySet<string> = new Set([
  SQLSTATE.undefinedFunction,
  SQLSTATE.undefinedTable,
  SQLSTATE.undefinedObject,
  '3F000',
]);

/**
 * Runs `work` as one transaction that others cannot be held up by for long: it gives up a lock after the session's
 * lock_timeout, lets everybody else through, and tries again. Functions that it calls (in an expression index, in a
 * materialized view) may count on a search_path: where a name is not found, it runs once more with the migrated schema
 * and `public` in the path (PostgreSQL 17 and newer take no notice of it).
 * @throws QueryError; after the last try for a lock, saying who holds it
 */
export async function runDdl(session: Session, schema: string, work: () => Promise<void>): Promise<void> {
  try {
    await withLockRetries(session, work);
  } catch (error) {
    if (!(error instanceof QueryError) || !NOT_FOUND.has(error.sqlstate)) throw error;
    try {
      await withLockRetries(session, async () => {
        await session.query(`SELECT set_config('search_path', quote_ident($1) || ', public', true)`, [schema]);
        await work();
      });
    } catch (again) {
      throw again instanceof QueryError && NOT_FOUND.has(again.sqlstate) ? dependsOnPath(again) : again;
    }
  }
}

/**
 * Runs one statement that PostgreSQL does not take in a transaction, such as CREATE INDEX CONCURRENTLY.
 * @param lockTimeout milliseconds for which it may wait for locks and for older transactions
 * @param path whether the migrated schema and `public` are in the search_path
 * @throws QueryError; when it waited in vain, saying who is in its way
 */
export async function runAlone(
  session: Session,
  statement: string,
  { lockTimeout, path }: { readonly lockTimeout: number; readonly path?: string },
): Promise<void> {
  const set = `SELECT set_config('lock_timeout', $1, false), set_config('search_path', $2, false)`;
  const [before] = await session.query<{ path: string }>(`SELECT current_setting('search_path') AS path`);
  await session.query(set, [String(lockTimeout), path === undefined ? (before?.path ?? '') : `${ident(path)}, public`]);
  try {
    await session.query(statement);
  } catch (error) {
    if (error instanceof QueryError && error.sqlstate === SQLSTATE.lockNotAvailable) {
      throw await namingHolders(session, error);
    }
    throw error;
  } finally {
    await session.query(set, [String(DDL_TIMEOUTS.lockTimeout), before?.path ?? '']);
  }
}

/** From version 17 on, PostgreSQL builds indexes and refreshes views with a search_path of its own. */
export function dependsOnPath(error: QueryError): QueryError {
  return new QueryError(error.message, {
    hint: 'If a function that is called here finds tables or functions by search_path, give it a path of its own on both servers: ALTER FUNCTION ... SET search_path = ...; then run the same command again.',
    detail: error.detail,
    cause: error,
  });
}

async function withLockRetries(session: Session, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await session.transaction(work);
      return;
    } catch (error) {
      if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.lockNotAvailable) throw error;
      if (tries === LOCK_TRIES) throw await namingHolders(session, error);
      await sleep(LOCK_PAUSE_MS);
    }
  }
}

/**
 * Adds the sessions that hold locks on tables, those first that have been in a transaction for longest; one of them is in
 * the way. Who may not read the statistics of others (the owner) sees that they hold locks, but not for how long.
 */
async function namingHolders(session: Session, error: QueryError): Promise<QueryError> {
  const holders = await session.query<{ holder: string }>(
    `SELECT format('pid %s (%s, %s%s)', a.pid, a.usename,
                   coalesce(nullif(a.application_name, ''), 'no application name'),
                   ', in a transaction for ' || extract(epoch FROM clock_timestamp() - a.xact_start)::int || ' s') AS holder
       FROM pg_stat_activity a
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
        AND EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm')
                     WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation' AND l.relation >= 16384)
      ORDER BY a.xact_start LIMIT 5`,
  );
  const who = holders.map(({ holder }) => holder).join(', ');
  return new QueryError(`${error.message}${who === '' ? '' : `; open transactions: ${who}`}`, {
    hint: 'End the session that holds the lock (pg_terminate_backend), then run the same command again.',
    detail: { ...error.detail, holders: holders.map(({ holder }) => holder) },
    cause: error,
  });
}
