import { setTimeout as sleep } from 'node:timers/promises';
import { formatSeconds } from '../duration.js';
import { DeadlineError, QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { ReplicationSession, SlotStart } from '../postgres/replication-session.js';
import { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { within } from '../postgres/wait.js';

export interface SlotOptions {
  /** Milliseconds that may be waited for transactions of others. */
  readonly lockWait: number;
  /** Is told what is waited for. */
  readonly progress: (text: string) => void;
}

const LOOK_MS = 1_000;
const END_MS = 5_000;

/**
 * A slot waits for every transaction of the whole server that writes: whoever waits for it is told which, and it is not
 * waited for without end.
 * @param slot its name; null for a passing one
 * @throws DeadlineError that names the transactions which it waits for
 */
export async function createSlot(
  pair: Pair,
  replication: ReplicationSession,
  slot: string | null,
  { lockWait, progress }: SlotOptions,
): Promise<SlotStart> {
  const root = await pair.src.root();
  const pid = await replication.pid();
  let blockers: Blocker[] = [];
  const over = new AbortController();
  const watch = (async () => {
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal: over.signal });
      blockers = await slotBlockers(root, pid);
      if (blockers.length === 0) continue;
      progress(`waits for transactions that write, in any database of the source's server: ${named(blockers)}`);
    }
  })().catch(() => undefined);
  const late = (): Error => new SlotLateError('the slot was not made in time');
  try {
    const name = slot ?? `belt_copy_${String(pair.environment.pid)}`;
    return await within(lockWait, replication.createSlot(name, slot === null), late);
  } catch (error) {
    const timedOut =
      error instanceof SlotLateError || (error instanceof QueryError && error.sqlstate === SQLSTATE.lockNotAvailable);
    if (timedOut || pair.environment.signal.aborted) {
      replication.cut();
      await endBackend(pair, pid);
    }
    throw timedOut ? slotBlocked(pair, lockWait, blockers) : error;
  } finally {
    over.abort();
    await watch;
  }
}

class SlotLateError extends Error {}

/** Its belt has gone, or goes, but the server would wait on for the slot. */
async function endBackend({ src, applicationName }: Pair, pid: number): Promise<void> {
  const cut = AbortSignal.timeout(END_MS);
  try {
    // Of its own: the run's sessions may have been cut.
    const session = await Session.connect(src.address('root'), { applicationName, signal: cut });
    await session.query('SELECT pg_terminate_backend($1)', [pid]).finally(() => session.close());
  } catch {
    // Then it gives up by itself, after its lock_timeout.
  }
}

function named(blockers: readonly Blocker[]): string {
  return blockers.map(({ who }) => who).join('; ');
}

function slotBlocked({ src, config, db }: Pair, lockWait: number, blockers: readonly Blocker[]): DeadlineError {
  const pids = blockers.flatMap(({ pid }) => pid ?? []);
  const prepared = blockers.some(({ pid }) => pid === null);
  const ways = [
    ...(pids.length === 0 ? [] : [`SELECT pg_terminate_backend(${String(pids[0])})`]),
    ...(prepared ? ["ROLLBACK PREPARED '...' in its own database"] : []),
  ];
  return new DeadlineError(
    `the copy of the ${src.toString()} cannot begin: its snapshot has waited ${formatSeconds(lockWait / 1000)} (--lock-wait) for transactions that write, in any database of the server: ${named(blockers) || 'they have ended meanwhile'}`,
    {
      hint:
        (ways.length === 0 ? '' : `End them on the source (${ways.join('; ')}), or let them end. `) +
        `Then run "belt setup ${config.dc} ${db}" again: it goes on here.`,
      detail: { side: 'src', blocked_by: pids, blockers: blockers.map(({ who }) => who) },
    },
  );
}

/** A transaction that keeps a slot from being made; no process has one that was prepared. */
interface Blocker {
  readonly pid: number | null;
  readonly who: string;
}

/** The transactions of all databases that have written and are older than the slot's session's wait. */
async function slotBlockers(session: Session, pid: number): Promise<Blocker[]> {
  return session.query<Blocker>(
    `SELECT pid, format('pid %s (%s in database %s, %s, for %s s)', pid, usename, datname,
                   coalesce(nullif(application_name, ''), 'no application name'),
                   extract(epoch FROM clock_timestamp() - xact_start)::int) AS who
       FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> $1 AND xact_start IS NOT NULL
     UNION ALL
     SELECT NULL, format('prepared transaction %s (%s in database %s, since %s)', gid, owner, database, prepared::timestamptz(0))
       FROM pg_prepared_xacts
     LIMIT 5`,
    [pid],
  );
}
