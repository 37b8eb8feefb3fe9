import { setTimeout as sleep } from 'node:timers/promises';
import { formatSeconds } from '../duration.js';
import { ConnectionError, DeadlineError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { ReplicationSession } from '../postgres/replication-session.js';
import type { Session } from '../postgres/session.js';

export interface SlotWait {
  /** Milliseconds for which a slot may wait for older transactions. */
  readonly lockWait: number;
  /** Is told which they are. */
  readonly progress: (text: string) => void;
}

const LOOK_MS = 1_000;

/**
 * A slot waits for every transaction of the whole server that writes: whoever waits for it wants to know which.
 * @throws DeadlineError naming them, when they do not end; ConnectionError when the source has gone
 */
export async function whileNamingBlockers<T>(
  pair: Pair,
  replication: ReplicationSession,
  wait: SlotWait,
  work: Promise<T>,
): Promise<T> {
  const over = new AbortController();
  let gone: unknown;
  const began = performance.now();
  const watch = async (): Promise<void> => {
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
      if (over.signal.aborted) return;
      const session = await pair.src.root();
      const blockers = await slotBlockers(session, replication.pid);
      if (blockers.length > 0) wait.progress(waitsForOpen(blockers));
      if (performance.now() - began > wait.lockWait) throw slotDeadline(blockers, wait);
      const alive = await session.query('SELECT FROM pg_stat_activity WHERE pid = $1', [replication.pid]);
      if (alive.length === 0) throw new ConnectionError('the connection that makes the slot was lost');
    }
  };
  const watching = watch().catch((error: unknown) => {
    // A network that has vanished gives no answer, ever.
    gone = error;
    replication.cut();
  });
  try {
    return await work;
  } catch (error) {
    over.abort();
    await watching;
    throw gone ?? error;
  } finally {
    over.abort();
    await watching;
  }
}

export function slotDeadline(blockers: readonly string[], { lockWait }: SlotWait): DeadlineError {
  return new DeadlineError(
    `the replication slot could not be made on the source in ${formatSeconds(lockWait / 1000)} (--lock-wait): it waits for transactions that write and are still open, in any database of the server: ${blockers.join(', ') || 'none that can be seen'}`,
    {
      hint: 'End them on the source (SELECT pg_terminate_backend(pid), or ROLLBACK PREPARED), or let them end; then run the same command again: it goes on here.',
      detail: { side: 'src', blockers },
    },
  );
}

/** The transactions of all databases that have written and are older than the slot's session's wait. */
export async function slotBlockers(session: Session, pid: number): Promise<string[]> {
  const rows = await session.query<{ who: string }>(
    `SELECT format('pid %s (%s in database %s, %s, for %s s)', pid, usename, datname,
                   coalesce(nullif(application_name, ''), 'no application name'),
                   extract(epoch FROM clock_timestamp() - xact_start)::int) AS who
       FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> $1 AND xact_start IS NOT NULL
     UNION ALL
     SELECT format('prepared transaction %s (%s in database %s, since %s)', gid, owner, database, prepared::timestamptz(0))
       FROM pg_prepared_xacts
     LIMIT 5`,
    [pid],
  );
  return rows.map(({ who }) => who);
}

export function waitsForOpen(blockers: readonly string[]): string {
  return `waits for transactions that were open before: ${blockers.join(', ')}`;
}
