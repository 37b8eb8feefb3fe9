import { setTimeout as sleep } from 'node:timers/promises';
import { DeadlineError, InterruptedError } from '../errors.js';
import { abandonRun, setPhase, type CopyRun, type JournalTable } from '../pglogical/copy-journal.js';
import type { Direction } from '../pglogical/direction.js';
import { putFence } from '../pglogical/fence.js';
import { applyWorker, isSameWorker, readSlot, slotName, type ApplyWorker } from '../pglogical/state.js';
import type { Session } from '../postgres/session.js';
import { waitFor } from '../postgres/wait.js';
import { Stall } from './stall.js';

/**
 * Brings tables that were copied from several snapshots to one point: pglogical is told for each table up to where its rows
 * have all changes (`y` in its catalog), and leaves those out. Its worker knows that only after the first transaction that it
 * applies after a start, so the slot begins with one that changes nothing (start-slot.ts), and a worker that ends before all
 * tables are at one point must not start again: the subscription as a whole is marked as one whose first copy has failed
 * (`d`), which the worker that runs does not look at, and with which none starts.
 * Sources: pglogical_apply.c, should_apply_changes_for_rel and process_syncing_tables; pglogical_sync.c,
 * pglogical_sync_subscription.
 */

export interface JoinOptions {
  readonly signal: AbortSignal | undefined;
  /** Is told of the bytes of WAL that are still to come. */
  readonly left: (bytes: number) => void;
}

const WORKER_END_MS = 20_000;
const WORKER_START_MS = 30_000;
const START_LOOK_MS = 20;
const LOOK_MS = 300;
const FENCE_MS = 2_000;

const WORKER_ENDED = 'its worker has ended';

const ID = '(SELECT sub_id FROM pglogical.subscription WHERE sub_name = $1)';

/** Whether the session's role may tell pglogical how far tables are: not every service lets its administrators do so. */
export async function mayJoin(session: Session): Promise<boolean> {
  const { may } = await session.one<{ may: boolean }>(
    `SELECT bool_and(has_table_privilege('pglogical.local_sync_status', privilege)) AS may
       FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS privilege`,
  );
  return may;
}

/**
 * Wakes the subscription, and waits until all tables are at one point.
 * @returns null when they are; else why it failed: tables may lack changes then, and everything must be copied anew
 * @throws DeadlineError when the worker does not start, or waits for somebody; the same can be tried again
 */
export async function joinTables(
  direction: Direction,
  tables: readonly JournalTable[],
  options: JoinOptions,
): Promise<string | null> {
  const { subscription } = direction;
  const subscriber = await direction.subscriber.root();
  await asleep(direction, options.signal);
  await subscriber.transaction(async () => {
    await forgetTables(subscriber, subscription);
    await subscriber.query(
      `INSERT INTO pglogical.local_sync_status (sync_kind, sync_subid, sync_nspname, sync_relname, sync_status, sync_statuslsn)
       SELECT 'f', ${ID}, t.schema, t.name, 'y', t.lsn FROM unnest($2::text[], $3::text[], $4::pg_lsn[]) AS t (schema, name, lsn)`,
      [subscription, tables.map(({ schema }) => schema), tables.map(({ name }) => name), tables.map(({ lsn }) => lsn)],
    );
    await mark(subscriber, subscription, 'r');
    await setPhase(subscriber, 'joining');
    await subscriber.query('SELECT pglogical.alter_subscription_enable($1, false)', [subscription]);
  });
  const worker = await theOnlyWorker(direction, options.signal);
  return worker === null ? 'its worker has started more than once' : untilJoined(direction, worker, options);
}

/** Goes on where an earlier run was ended; otherwise as joinTables(). */
export async function goOnJoining(
  direction: Direction,
  run: CopyRun,
  tables: readonly JournalTable[],
  options: JoinOptions,
): Promise<string | null> {
  const subscriber = await direction.subscriber.root();
  const { marked } = await subscriber.one<{ marked: boolean }>(
    `SELECT sync_status = 'd' AS marked FROM pglogical.local_sync_status WHERE sync_subid = ${ID} AND sync_relname IS NULL`,
    [direction.subscription],
  );
  // Until it is marked, a worker may have ended and started again.
  if (!marked) return 'its worker may have started more than once while nobody looked';
  const worker = await applyWorker(subscriber, direction.subscription);
  if (worker !== null || (await tablesLeft(subscriber, direction.subscription)) === 0)
    return untilJoined(direction, worker, options);
  return (await isUntouched(subscriber, run)) ? joinTables(direction, tables, options) : WORKER_ENDED;
}

/** Gives up what was copied: the next copy begins anew. */
export async function abandon(direction: Direction, signal: AbortSignal | undefined): Promise<void> {
  const subscriber = await direction.subscriber.root();
  await asleep(direction, signal);
  await subscriber.transaction(async () => {
    await abandonRun(subscriber);
    await forgetTables(subscriber, direction.subscription);
    await mark(subscriber, direction.subscription, 'r');
  });
}

/** No worker runs from here on. */
async function asleep(direction: Direction, signal: AbortSignal | undefined): Promise<void> {
  const { subscription } = direction;
  const subscriber = await direction.subscriber.root();
  await subscriber.query('SELECT pglogical.alter_subscription_disable($1, true)', [subscription]);
  const ended = await waitFor(async () => ((await applyWorker(subscriber, subscription)) === null ? true : undefined), {
    deadline: WORKER_END_MS,
    signal,
  });
  if (ended !== true) throw notOver(direction, 'does not end');
}

/**
 * Waits until a worker reads the slot, and sees to it that none can start after it.
 * @returns null when there has been more than one
 */
async function theOnlyWorker(direction: Direction, signal: AbortSignal | undefined): Promise<ApplyWorker | null> {
  const { subscription } = direction;
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const slot = await slotName(subscriber, direction);
  let first: ApplyWorker | null = null;
  const started = await waitFor(
    async () => {
      const worker = await applyWorker(subscriber, subscription);
      first ??= worker;
      if (!isSameWorker(first, worker)) return false;
      // It reads the slot only after it has looked whether it may start.
      return worker !== null && (await readSlot(provider, slot))?.active === true ? true : undefined;
    },
    { deadline: WORKER_START_MS, interval: START_LOOK_MS, signal },
  );
  await mark(subscriber, subscription, 'd');
  if (started === undefined) throw notOver(direction, 'does not start');
  return started && isSameWorker(first, await applyWorker(subscriber, subscription)) ? first : null;
}

async function untilJoined(
  direction: Direction,
  worker: ApplyWorker | null,
  { signal, left }: JoinOptions,
): Promise<string | null> {
  const { subscription } = direction;
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const name = await slotName(subscriber, direction);
  const stall = new Stall(direction);
  let fencedAt = 0;
  for (;;) {
    if ((await tablesLeft(subscriber, subscription)) === 0) break;
    const now = performance.now();
    if (!isSameWorker(worker, await applyWorker(subscriber, subscription))) return WORKER_ENDED;
    // A source on which nobody writes has no transaction after the last snapshot.
    if (now - fencedAt > FENCE_MS) {
      await putFence(provider);
      fencedAt = now;
    }
    const slot = await readSlot(provider, name);
    await stall.look(slot, worker);
    left(slot?.confirmed_lag_bytes ?? 0);
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {
      throw new InterruptedError('interrupted while the tables were brought to one point; that goes on by itself');
    });
  }
  await subscriber.transaction(async () => {
    await mark(subscriber, subscription, 'r');
    await setPhase(subscriber, 'done');
  });
  return null;
}

async function tablesLeft(subscriber: Session, subscription: string): Promise<number> {
  const { left } = await subscriber.one<{ left: number }>(
    `SELECT count(*)::int AS left FROM pglogical.local_sync_status
      WHERE sync_subid = ${ID} AND sync_relname IS NOT NULL AND sync_status <> 'r'`,
    [subscription],
  );
  return left;
}

/** Whether pglogical has applied nothing since the slot was made: then its first transaction is still the harmless one. */
async function isUntouched(subscriber: Session, { slot, start_lsn }: CopyRun): Promise<boolean> {
  const { untouched } = await subscriber.one<{ untouched: boolean }>(
    `SELECT coalesce(pg_replication_origin_progress(roname, false), '0/0') <= $2::pg_lsn AS untouched
       FROM pg_replication_origin WHERE roname = $1`,
    [slot, start_lsn],
  );
  return untouched;
}

async function forgetTables(subscriber: Session, subscription: string): Promise<void> {
  await subscriber.query(
    `DELETE FROM pglogical.local_sync_status WHERE sync_subid = ${ID} AND sync_relname IS NOT NULL`,
    [subscription],
  );
}

/** @param status `d`: no worker starts; `r`: it may */
async function mark(subscriber: Session, subscription: string, status: 'd' | 'r'): Promise<void> {
  await subscriber.query(
    `UPDATE pglogical.local_sync_status SET sync_status = $2::"char" WHERE sync_subid = ${ID} AND sync_relname IS NULL`,
    [subscription, status],
  );
}

function notOver({ subscriber, subscription }: Direction, what: string): DeadlineError {
  return new DeadlineError(`the worker of subscription ${subscription} on the ${subscriber.toString()} ${what}`, {
    hint: 'See why with "belt doctor", mend it, and run the same command again.',
    detail: { side: subscriber.name, object: subscription },
  });
}
