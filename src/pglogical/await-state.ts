import { setTimeout as sleep } from 'node:timers/promises';
import { BeltError, ConnectionError, DeadlineError, InterruptedError, RefusedError } from '../errors.js';
import { formatBytes } from '../bytes.js';
import { formatSeconds } from '../duration.js';
import type { Pair } from '../pair/pair.js';
import type { Direction } from './direction.js';
import { missingBytes, putFence } from './fence.js';
import { readInitialLoad } from './progress.js';
import { readDirection, type DirectionState } from './state.js';

/** What a direction can be waited for. */
export type Goal = 'replicating' | 'caught-up' | 'unconfigured';

export interface AwaitOptions {
  readonly goal: Goal;
  /** Milliseconds. */
  readonly timeout: number;
  readonly progress: (text: string) => void;
  /** Told of every look that succeeded. */
  readonly looked: (state: DirectionState) => void;
}

/** Milliseconds for which a direction may be down: pglogical starts a worker that failed again after some seconds. */
const DOWN_GRACE_MS = 20_000;

/** As above after a server was away: a worker that failed often meanwhile is tried again after three minutes only. */
const DOWN_GRACE_AFTER_LOSS_MS = 200_000;

const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const RECONNECT_PAUSE_MS = 1_000;

/** Milliseconds between two questions how far the initial copy is. */
const COPY_INTERVAL_MS = 5_000;

/**
 * Waits until a direction is as wanted, and changes nothing: not even a worker is started. Once both servers have answered,
 * lost connections are made anew until the time is over.
 * @throws RefusedError when there is nothing to wait for, BeltError when the direction stays down, DeadlineError when the
 *   time is over, ConnectionError when a server cannot be reached at the beginning
 */
export async function awaitState(pair: Pair, direction: Direction, options: AwaitOptions): Promise<string> {
  const { signal } = pair.environment;
  const end = performance.now() + options.timeout;
  const waiter = new Waiter(pair, direction, options);
  let pause = SHORTEST_PAUSE_MS;
  for (;;) {
    try {
      const found = await waiter.look(end - performance.now());
      if (found !== undefined)
        return waiter.wasLost ? `${found}; connections were lost and made anew meanwhile` : found;
    } catch (error) {
      if (!(error instanceof ConnectionError) || !waiter.hasLooked) throw error;
      waiter.lost(error);
      pause = RECONNECT_PAUSE_MS;
      // The next look opens new ones.
      await pair.disconnect();
    }
    const left = end - performance.now();
    if (left <= 0) throw waiter.timeIsOver();
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => {
      throw new InterruptedError('interrupted');
    });
    pause = Math.min(LONGEST_PAUSE_MS, pause * 1.3);
  }
}

/** What is known between the looks. */
class Waiter {
  #state: DirectionState | undefined;
  #downSince: number | undefined;
  #grace = DOWN_GRACE_MS;
  /** Why the servers cannot be asked just now. */
  #trouble: ConnectionError | undefined;
  #wasLost = false;
  /** The position that must be confirmed for caught-up. */
  #fence: string | undefined;

  /** What was told last of an initial copy, and when. */
  #copied = { text: '', at: -Infinity };

  constructor(
    private readonly pair: Pair,
    private readonly direction: Direction,
    private readonly options: AwaitOptions,
  ) {}

  get hasLooked(): boolean {
    return this.#state !== undefined;
  }

  get wasLost(): boolean {
    return this.#wasLost;
  }

  lost(error: ConnectionError): void {
    this.#trouble = error;
    this.#wasLost = true;
    this.#downSince = undefined;
    this.#grace = DOWN_GRACE_AFTER_LOSS_MS;
    // A server that crashed may have lost the fence with the end of its WAL.
    this.#fence = undefined;
    this.options.progress(`${error.message}; trying again`);
  }

  /** @param limit milliseconds @returns a sentence when the goal is reached */
  async look(limit: number): Promise<string | undefined> {
    const state = await within(limit, readDirection(this.direction));
    if (state === undefined) return undefined;
    this.#state = state;
    this.#trouble = undefined;
    this.options.looked(state);
    const reached = this.options.goal === 'caught-up' ? await within(limit, this.#caughtUp(state)) : this.#is(state);
    if (reached !== undefined) return reached;
    this.#refuseHopeless(state);
    this.options.progress(`${describe(state)}${await this.#copiedText(state)}`);
    return undefined;
  }

  /** How far the initial copy is; not asked for at every look, since thousands of tables are measured. */
  async #copiedText(state: DirectionState): Promise<string> {
    if (this.direction.name !== 'forward' || state.status !== 'initializing') return '';
    if (performance.now() - this.#copied.at > COPY_INTERVAL_MS) {
      const load = await readInitialLoad(this.pair, state);
      if (load === null) return '';
      const { bytes_done: done, bytes_total: total } = load;
      const percent = total === 0 ? 0 : (done / total) * 100;
      const text = `, ${percent.toFixed(1)} % copied (${formatBytes(done)} of ${formatBytes(total)})`;
      this.#copied = { text, at: performance.now() };
    }
    return this.#copied.text;
  }

  timeIsOver(): DeadlineError {
    const { goal, timeout } = this.options;
    const { name, subscriber } = this.direction;
    const reasons = this.#state?.reasons ?? [];
    const now =
      this.#trouble?.message ??
      (this.#state === undefined ? 'the servers did not answer' : `it is ${describe(this.#state)}`);
    return new DeadlineError(
      `${name} replication was waited for to be ${goal} for ${formatSeconds(timeout / 1000)} in vain: ${[now, ...reasons].join('; ')}`,
      {
        hint: 'Look at it with "belt status", or wait longer with --timeout.',
        detail: { direction: name, side: subscriber.name, status: this.#state?.status ?? null, waited_for: goal },
      },
    );
  }

  #is(state: DirectionState): string | undefined {
    return state.status === this.options.goal ? `it is ${describe(state)}` : undefined;
  }

  async #caughtUp(state: DirectionState): Promise<string | undefined> {
    if (state.status !== 'replicating') return undefined;
    const provider = await this.direction.provider.root();
    // While it initializes there is no use in one, and later ones wait for more.
    this.#fence ??= await putFence(provider);
    const missing = await missingBytes(provider, this.#fence, state.slot?.confirmed_flush_lsn ?? null);
    return missing !== null && missing <= 0 ? `everything up to ${this.#fence} is confirmed` : undefined;
  }

  #refuseHopeless(state: DirectionState): void {
    const { goal } = this.options;
    if (goal === 'unconfigured') return;
    if (state.status === 'unconfigured') throw this.#notSetUp();
    if (state.status !== 'down') {
      this.#downSince = undefined;
      this.#grace = DOWN_GRACE_MS;
      return;
    }
    this.#downSince ??= performance.now();
    if (!state.copyLost && performance.now() - this.#downSince < this.#grace) return;
    const { name, subscriber, subscription } = this.direction;
    throw new BeltError(`${name} replication is down: ${state.reasons.join('; ')}`, {
      hint: state.copy === null ? 'Mend the cause, then wait again.' : 'Run belt setup again, then wait again.',
      detail: { side: subscriber.name, object: subscription, reasons: state.reasons },
    });
  }

  #notSetUp(): RefusedError {
    const { name, subscriber, subscription } = this.direction;
    const setup = name === 'forward' ? 'belt setup' : 'belt setup-back-replication';
    return new RefusedError(
      `${name} replication is not set up: the ${subscriber.toString()} has no subscription ${subscription}`,
      {
        hint: `Run ${setup} first; wait for it afterwards.`,
        detail: { side: subscriber.name, object: subscription },
      },
    );
  }
}

function describe({ status, slot }: DirectionState): string {
  const lag = slot?.confirmed_lag_bytes;
  return status === 'replicating' && typeof lag === 'number' ? `${status}, ${formatBytes(lag)} behind` : status;
}

/** What `work` gives, or undefined when that takes longer: a server that hangs must not make belt overrun its time. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(Math.max(1_000, milliseconds), undefined, { signal: timer.signal, ref: false }).catch(() => undefined),
    ]);
  } finally {
    timer.abort();
    // Whatever becomes of it afterwards, nobody asks.
    work.catch(() => undefined);
  }
}
