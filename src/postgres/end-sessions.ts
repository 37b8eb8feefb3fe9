import type { Session } from './session.js';
import { waitFor } from './wait.js';

const END_MS = 10_000;

/** Ends sessions again and again, until `end` finds none any more, or for a while. */
export async function endSessions(
  end: () => Promise<readonly object[]>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await waitFor(async () => ((await end()).length === 0 ? true : undefined), { deadline: END_MS, signal });
}

/**
 * Ends what the server still has of connections that were lost: where the network fell silent it has not noticed, keeps
 * their locks, and may just be about to commit.
 * @param session of the same application name as they
 * @param pids their server processes
 */
export async function endLostSessions(
  session: Session,
  pids: readonly number[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (pids.length === 0) return;
  await endSessions(
    () =>
      session.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE pid = ANY ($1) AND pid <> pg_backend_pid()
            AND datname = current_database() AND application_name = current_setting('application_name')`,
        [pids],
      ),
    signal,
  );
}
