import { DeadlineError } from '../errors.js';
import type { Direction } from '../pglogical/direction.js';
import { slotName, type SlotState } from '../pglogical/state.js';

/** Milliseconds for which nothing moves, and nobody works on it. */
export interface StallLimits {
  /** When somebody is in the way of the apply worker. */
  readonly blocked: number;
  /** When nobody is. */
  readonly stalled: number;
}

const LIMITS: StallLimits = { blocked: 20_000, stalled: 600_000 };

/**
 * A process that neither waits for a lock, nor for something to come. One that the role may not look at is not known to be.
 * Source: PostgreSQL's documentation, "Wait Event Types" (28.4 in that of 15).
 */
const AT_WORK = "a.backend_type IS NOT NULL AND coalesce(a.wait_event_type IN ('IO', 'LWLock'), true)";

/**
 * Notices, look after look, when the destination does not come nearer. What it has confirmed does not grow while a big
 * transaction is decoded or applied, however long that takes: so whoever is at work counts as well.
 */
export class Stall {
  #position: string | null = null;
  /** When something was confirmed, or the apply worker was at work. */
  #movedAt = performance.now();
  /** When the walsender was at work, or the same. */
  #workedAt = performance.now();

  constructor(
    private readonly direction: Direction,
    private readonly limits: StallLimits = LIMITS,
  ) {}

  /**
   * @param slot the direction's, if it is there
   * @param pid the apply worker's, if it runs
   * @throws DeadlineError naming who is in the way of the worker, or when nothing has moved for very long
   */
  async look(slot: Pick<SlotState, 'confirmed_flush_lsn'> | null, pid: number | null): Promise<void> {
    const position = slot?.confirmed_flush_lsn ?? null;
    const worker = await this.#worker(pid);
    const now = performance.now();
    if (position !== this.#position || worker.at_work) this.#movedAt = this.#workedAt = now;
    this.#position = position;
    const still = now - this.#movedAt;
    if (still < this.limits.blocked) return;
    if (worker.blockers.length > 0) throw this.#refusal(still, worker.blockers);
    if (await this.#senderWorks()) this.#workedAt = now;
    if (now - this.#workedAt > this.limits.stalled) throw this.#refusal(still, []);
  }

  async #worker(pid: number | null): Promise<{ at_work: boolean; blockers: number[] }> {
    const session = await this.direction.subscriber.root();
    const [worker] = await session.query<{ at_work: boolean; blockers: number[] }>(
      `SELECT ${AT_WORK} AS at_work, pg_blocking_pids(a.pid) AS blockers FROM pg_stat_activity a WHERE a.pid = $1`,
      [pid],
    );
    return worker ?? { at_work: false, blockers: [] };
  }

  async #senderWorks(): Promise<boolean> {
    const { provider, subscriber } = this.direction;
    const [sender] = await (
      await provider.root()
    ).query<{ at_work: boolean }>(
      `SELECT ${AT_WORK} AS at_work FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = s.active_pid
        WHERE s.slot_name = $1`,
      [await slotName(await subscriber.root(), this.direction)],
    );
    return sender?.at_work === true;
  }

  #refusal(ms: number, blockers: readonly number[]): DeadlineError {
    const { subscriber, subscription } = this.direction;
    const why =
      blockers.length === 0
        ? ''
        : `: the apply worker on the ${subscriber.toString()} waits for a lock held by ${blockers.map(holder).join(', ')}`;
    return new DeadlineError(
      `all rows are copied, but nothing more has arrived for ${String(Math.round(ms / 1000))} s${why}`,
      {
        hint: `${howToEnd(blockers)}, and run the same command again.`,
        detail: { side: subscriber.name, object: subscription, blocked_by: blockers },
      },
    );
  }
}

/** PostgreSQL's number for whoever holds a lock in a prepared transaction. */
const PREPARED = 0;

function holder(pid: number): string {
  return pid === PREPARED ? 'a prepared transaction (see pg_prepared_xacts)' : `pid ${String(pid)}`;
}

function howToEnd(blockers: readonly number[]): string {
  const session = blockers.find((pid) => pid !== PREPARED);
  if (session !== undefined) return `End those sessions (SELECT pg_terminate_backend(${String(session)}))`;
  return blockers.length === 0
    ? 'See why with "belt doctor"'
    : 'End those prepared transactions (COMMIT PREPARED or ROLLBACK PREPARED)';
}
