import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeltError, InterruptedError, RefusedError, errorToJson } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { beginControl, endControl, readControl } from '../pglogical/copy-control.js';
import { journalThere, readRun } from '../pglogical/copy-journal.js';
import { readBurden } from '../pglogical/copy-source.js';
import type { Side } from '../pair/side.js';
import { Session } from '../postgres/session.js';
import type { Controls } from './controls.js';
import type { CopyMeter } from './meter.js';
import { SourceLimits } from './source-limits.js';
import { copiedSoFar } from './so-far.js';

export interface SupervisorOptions {
  readonly controls: Controls;
  /** Bytes of WAL that the slot may hold on the source; undefined for what the server itself allows. */
  readonly maxSlotWal: number | undefined;
  /** Where this run's output goes, when it is in the background. */
  readonly log: string | null;
  /** Is told what the source bears. */
  readonly meter: CopyMeter;
}

const ORDERS_MS = 1_000;
const SOURCE_MS = 2_000;
/** What is still to be said and done after the end must not keep anybody waiting. */
const LAST_WORDS_MS = 8_000;
const DROP_TRIES = 10;
const DROP_PAUSE_MS = 500;

/**
 * Does the work of a copy, and meanwhile takes orders (other jobs, another rate, to end) from the destination, and looks
 * that the source is not asked too much. How it ended is noted for those who look on.
 * @throws what `work` throws; of a copy that was ended, with what is done and how to go on
 */
export async function supervised<T>(pair: Pair, options: SupervisorOptions, work: () => Promise<T>): Promise<T> {
  const me = { host: hostname(), pid: pair.environment.pid };
  const { jobs, rate } = options.controls;
  const max_rate = rate.bytesPerSecond === Infinity ? null : rate.bytesPerSecond;
  await beginControl(await pair.dst.root(), { ...me, log: options.log, jobs, max_rate });
  const over = new AbortController();
  const watch = new Watch(pair, options, me);
  const looking = Promise.all([
    repeat(over.signal, ORDERS_MS, () => watch.takeOrders()),
    repeat(over.signal, SOURCE_MS, () => watch.lookAtSource()),
  ]);
  const stopLooking = async (): Promise<void> => {
    over.abort();
    await looking;
    await watch.close();
  };
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await stopLooking();
    throw await lastWords(pair, me, error, watch.dropSlot);
  }
  await stopLooking();
  try {
    await endControl(await pair.dst.root(), me, null);
  } catch (error) {
    // The work is done all the same; who looks on sees it by the journal.
    pair.warn(`could not note that this run has ended: ${errorToJson(error).message}`);
  }
  return result;
}

/** Calls `look` again and again until the signal aborts. What it throws is not told: the work itself will notice. */
async function repeat(signal: AbortSignal, pauseMs: number, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await look().catch(() => undefined);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

class Watch {
  /** Whether the source is to be freed of the slot. */
  dropSlot = false;
  readonly #sessions = new Map<Side, Promise<Session>>();
  readonly #limits: SourceLimits;

  constructor(
    private readonly pair: Pair,
    private readonly options: SupervisorOptions,
    private readonly me: { readonly host: string; readonly pid: number },
  ) {
    this.#limits = new SourceLimits(options.maxSlotWal);
  }

  takeOrders(): Promise<void> {
    return this.#on(this.pair.dst, async (session) => {
      const orders = await readControl(session);
      if (orders?.host !== this.me.host || orders.pid !== this.me.pid) return;
      const { controls } = this.options;
      if (controls.jobs !== orders.jobs) this.pair.note(`copies with ${String(orders.jobs)} jobs from now on`);
      controls.jobs = orders.jobs;
      controls.rate.bytesPerSecond = orders.max_rate ?? Infinity;
      if (orders.cancelled_by !== null) this.pair.end(new InterruptedError(`cancelled by ${orders.cancelled_by}`));
    });
  }

  async lookAtSource(): Promise<void> {
    const run = await this.#on(this.pair.dst, readRun);
    if (run === null || run.phase === 'done') return;
    const { slot } = run;
    const burden = await this.#on(this.pair.src, (session) =>
      readBurden(session, slot, this.pair.applicationName.replaceAll(/[\\%_]/g, String.raw`\$&`)),
    );
    this.options.meter.burden = burden;
    for (const verdict of this.#limits.judge(burden)) {
      if (verdict.kind === 'warn') this.pair.warn(verdict.text);
      else {
        this.dropSlot = verdict.dropSlot;
        this.pair.end(
          new RefusedError(`the copy was ended: ${verdict.text}`, { detail: { side: 'src', object: slot, ...burden } }),
        );
      }
    }
  }

  /** Looks on a session of its own, which no long statement keeps busy; made anew after a failure. */
  async #on<T>(side: Side, look: (session: Session) => Promise<T>): Promise<T> {
    const opened = this.#sessions.get(side) ?? side.open('root');
    this.#sessions.set(side, opened);
    try {
      return await look(await opened);
    } catch (error) {
      if (this.#sessions.get(side) === opened) this.#sessions.delete(side);
      await closed(opened);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(closed));
  }
}

async function closed(opened: Promise<Session>): Promise<void> {
  await opened.then(
    (session) => session.close(),
    () => undefined,
  );
}

/**
 * Notes why the copy ended, and makes of an end that was asked for what the person wants to know. On sessions of its own,
 * since the run's have been cut.
 */
async function lastWords(
  pair: Pair,
  me: { readonly host: string; readonly pid: number },
  error: unknown,
  dropSlot: boolean,
): Promise<unknown> {
  const cut = new AbortController();
  const timer = setTimeout(() => {
    cut.abort();
  }, LAST_WORDS_MS);
  const onFresh = async <T>(side: Side, work: (session: Session) => Promise<T>): Promise<T> => {
    const session = await Session.connect(side.address('root'), {
      applicationName: pair.applicationName,
      signal: cut.signal,
    });
    return work(session).finally(() => session.close());
  };
  let told = error;
  try {
    told = await onFresh(pair.dst, async (session) => {
      const slot = (await journalThere(session)) ? ((await readRun(session))?.slot ?? null) : null;
      const dropped = dropSlot && slot !== null && (await onFresh(pair.src, (source) => drop(source, slot)));
      const explained = await explain(pair, session, error, { dropSlot, dropped });
      const { error_type, message, detail } = errorToJson(explained);
      const hint = typeof detail?.['hint'] === 'string' ? detail['hint'] : null;
      await endControl(session, me, { error_type, error: message, hint });
      return explained;
    });
  } catch {
    if (error instanceof InterruptedError && pair.ended !== undefined) told = pair.ended;
  } finally {
    clearTimeout(timer);
  }
  return told;
}

async function explain(
  pair: Pair,
  destination: Session,
  error: unknown,
  { dropSlot, dropped }: { readonly dropSlot: boolean; readonly dropped: boolean },
): Promise<unknown> {
  const ended = error instanceof InterruptedError ? (pair.ended ?? error) : error;
  if (!(ended instanceof InterruptedError) && ended !== pair.ended) return error;
  if (!(ended instanceof BeltError)) return error;
  const done = await copiedSoFar(destination);
  const command = `"belt setup ${pair.config.dc} ${pair.db}"`;
  const goesOn = `Run ${command} again: it goes on, and keeps the tables that are whole.`;
  const hint = !dropSlot
    ? goesOn
    : dropped
      ? `The slot was dropped, so that the source can throw its WAL away; ${command} copies everything anew. Before that, see why it was so slow: more --jobs, a higher --max-rate, or room for more WAL.`
      : `The slot could not be dropped: drop it by hand, or the source's disk goes on filling. ${command} then copies everything anew.`;
  const Class = ended.constructor as typeof InterruptedError;
  const message = ended.message.startsWith('interrupted') ? 'interrupted' : ended.message;
  return new Class(`${message}; ${done}`, {
    hint,
    detail: { ...(error as BeltError).detail, ...ended.detail },
    cause: error,
  });
}

/** Drops the slot, once nobody reads from it. @returns whether it is gone */
async function drop(source: Session, slot: string): Promise<boolean> {
  for (let tries = 0; tries < DROP_TRIES; tries++) {
    const { active } = await source.one<{ active: boolean | null }>(
      'SELECT (SELECT active FROM pg_replication_slots WHERE slot_name = $1) AS active',
      [slot],
    );
    if (active === null) return true;
    if (!active) await source.query('SELECT pg_drop_replication_slot($1)', [slot]);
    else await sleep(DROP_PAUSE_MS);
  }
  return false;
}
