import { waitFor } from '../postgres/wait.js';
import type { Session } from '../postgres/session.js';
import type { Exclusions } from './exclusions.js';

const DISCONNECT_DEADLINE_MS = 15_000;

/** The condition for sessions of clients in this database that belong to none of the excluded roles ($1, $2). */
const CLIENTS = `backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()
                 AND NOT usename = ANY ($1) AND NOT usename LIKE ANY ($2)`;

/** How many sessions each user has in the database: those that can still write, whatever became of LOGIN. */
export async function clientSessions(
  session: Session,
  { users, patterns }: Exclusions,
): Promise<Record<string, number>> {
  const rows = await session.query<{ usename: string; sessions: number }>(
    `SELECT usename, count(*)::int AS sessions FROM pg_stat_activity WHERE ${CLIENTS} GROUP BY usename ORDER BY usename`,
    [users, patterns],
  );
  return Object.fromEntries(rows.map(({ usename, sessions }) => [usename, sessions]));
}

/** What every belt calls its sessions, and those of the client tools that it starts. */
const OF_BELT = '^belt [a-z_-]+( \\(pid [0-9]+( on [A-Za-z0-9_.-]*)?\\))?$';

/** The same by number of sessions, without those of any belt at work. */
export async function applicationSessions(
  session: Session,
  { users, patterns }: Exclusions,
): Promise<Record<string, number>> {
  const rows = await session.query<{ usename: string; sessions: number }>(
    `SELECT usename, count(*)::int AS sessions FROM pg_stat_activity
      WHERE ${CLIENTS} AND coalesce(application_name, '') !~ $3 GROUP BY usename ORDER BY 2 DESC, 1`,
    [users, patterns, OF_BELT],
  );
  return Object.fromEntries(rows.map(({ usename, sessions }) => [usename, sessions]));
}

/**
 * Ends those sessions, again until none is left: one that was logging in just then shows up a moment later.
 * @returns how many were told to end
 */
export async function disconnectClients(
  session: Session,
  { users, patterns }: Exclusions,
  signal: AbortSignal,
): Promise<number> {
  let ended = 0;
  await waitFor(
    async () => {
      const { count } = await session.one<{ count: number }>(
        `SELECT count(pg_terminate_backend(pid))::int AS count FROM pg_stat_activity WHERE ${CLIENTS}`,
        [users, patterns],
      );
      ended = Math.max(ended, count);
      return count === 0 ? true : undefined;
    },
    { deadline: DISCONNECT_DEADLINE_MS, interval: 50, signal },
  );
  return ended;
}

/** The sessions as a person reads them: `3 of app, 1 of report`. */
export function describeSessions(sessions: Readonly<Record<string, number>>): string {
  return Object.entries(sessions)
    .map(([user, count]) => `${String(count)} of ${user}`)
    .join(', ');
}
