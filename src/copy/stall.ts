import { DeadlineError } from '../errors.js';
import type { Direction } from '../pglogical/direction.js';
import { isSameWorker, slotName, type ApplyWorker, type SlotState } from '../pglogical/state.js';
import type { Session } from '../postgres/session.js';

/** What is borne while nothing is confirmed. */
export interface StallLimits {
  /** Milliseconds for which nobody works on it, and somebody is in the way of the apply worker. */
  readonly blocked: number;
  /** The same when nobody is. */
  readonly stalled: number;
  /** How often the worker begins its transaction anew: a minute each, where wal_sender_timeout is PostgreSQL's own. */
  readonly restarts: number;
}

const LIMITS: StallLimits = { blocked: 20_000, stalled: 600_000, restarts: 10 };

/**
 * Notices, look after look, when the destination does not come nearer. What it has confirmed does not grow while a big
 * transaction is decoded or applied, however long that takes: so whoever is at work counts as well.
 */
export class Stall {
  #position: string | null = null;
  #worker: ApplyWorker | null = null;
  #restarts = 0;
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
   * @param worker the apply worker, if it runs
   * @throws DeadlineError naming who is in the way of the worker, when that begins anew too often, or when nothing has moved
   *   for very long
   */
  async look(slot: Pick<SlotState, 'confirmed_flush_lsn'> | null, worker: ApplyWorker | null): Promise<void> {
    const position = slot?.confirmed_flush_lsn ?? null;
    const moved = position !== this.#position;
    this.#position = position;
    this.#countStarts(worker, moved);
    if (this.#restarts > this.limits.restarts) throw this.#restartsRefusal();
    if (moved || (worker !== null && (await this.#workerWorks(worker)))) {
      this.#movedAt = this.#workedAt = performance.now();
      return;
    }
    const still = performance.now() - this.#movedAt;
    if (still < this.limits.blocked) return;
    const blockers = worker === null ? [] : await this.#blockers(worker);
    if (blockers.length > 0) throw this.#refusal(still, blockers);
    if (await this.#senderWorks()) this.#workedAt = performance.now();
    if (performance.now() - this.#workedAt > this.limits.stalled) throw this.#refusal(still, []);
  }

  #countStarts(worker: ApplyWorker | null, moved: boolean): void {
    if (moved) this.#restarts = 0;
    if (worker === null) return;
    if (!moved && this.#worker !== null && !isSameWorker(worker, this.#worker)) this.#restarts += 1;
    this.#worker = worker;
  }

  async #workerWorks({ pid }: ApplyWorker): Promise<boolean> {
    return isAtWork(await this.direction.subscriber.root(), '$1', pid);
  }

  async #senderWorks(): Promise<boolean> {
    const { provider, subscriber } = this.direction;
    const slot = await slotName(await subscriber.root(), this.direction);
    return isAtWork(await provider.root(), '(SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1)', slot);
  }

  async #blockers({ pid }: ApplyWorker): Promise<number[]> {
    const session = await this.direction.subscriber.root();
    const { pids } = await session.one<{ pids: number[] }>('SELECT pg_blocking_pids($1) AS pids', [pid]);
    return pids;
  }

  #restartsRefusal(): DeadlineError {
    const { subscriber, subscription } = this.direction;
    return new DeadlineError(
      `all rows are copied, but the apply worker on the ${subscriber.toString()} has begun anew ` +
        `${String(this.#restarts)} times, and nothing more has arrived`,
      {
        hint:
          'Look for its end in the logs of both servers, mend the cause, and run the same command again. If the source ' +
          'says that the replication timeout was reached, give wal_sender_timeout there a greater value.',
        detail: { side: subscriber.name, object: subscription },
      },
    );
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

/**
 * Whether a server process neither waits for a lock, nor for something to come. One that the role may not look at is not
 * known to be at work.
 * Source: PostgreSQL's documentation, "Wait Event Types" (28.4 in that of 15).
 * @param process an expression with $1 for the parameter
 */
async function isAtWork(session: Session, process: string, parameter: number | string): Promise<boolean> {
  const [activity] = await session.query<{ at_work: boolean }>(
    `SELECT backend_type IS NOT NULL AND coalesce(wait_event_type IN ('IO', 'LWLock'), true) AS at_work
       FROM pg_stat_activity WHERE pid = ${process}`,
    [parameter],
  );
  return activity?.at_work === true;
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
