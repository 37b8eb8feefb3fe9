import { CheckFailedError, DeadlineError, RefusedError } from '../errors.js';
import type { Direction } from '../pglogical/direction.js';
import { EMPTY_SET, REPLICATION_SET } from '../pglogical/direction.js';
import { readSlot, readSubscription, slotName, type SlotState } from '../pglogical/state.js';
import { createAsleep, subscriberCannotMakeSlot } from '../pglogical/subscriptions.js';
import type { Table } from '../postgres/catalog/tables.js';
import type { Session } from '../postgres/session.js';
import { waitFor } from '../postgres/wait.js';
import {
  announceRun,
  forgetCopy,
  isWhole,
  makeJournal,
  setPhase,
  type CopyRun,
  type JournalTable,
} from '../pglogical/copy-journal.js';
import { goOnJoining, joinTables, type JoinOptions } from './join.js';
import { slotBlockers, slotDeadline, waitsForOpen, type SlotWait } from './slot-wait.js';

/**
 * Handing over from belt's copy to pglogical's apply, so that no change is lost and none comes twice: pglogical makes its
 * subscription, with a set that holds nothing, and is put to sleep; belt makes the slot anew, with the snapshot to copy
 * from; when the rows are in, the subscription is woken, and reads the slot from the snapshot's point on. All of it with
 * pglogical's public functions.
 */

const CREATE_TIMEOUT_MS = 90_000;
const START_MS = 30_000;
const SLOT_MS = 30_000;
const MAX_NAMES = 10;
const LOOK_MS = 1_000;

/**
 * Makes the subscription, asleep, on belt's replication set. Each part is kept if a run before this one made it. The
 * journal comes first: a belt that is killed in the middle of this leaves nothing that could pass for a finished copy.
 * A pglogical that cannot make a slot on the provider's PostgreSQL is told that nothing is left to be done.
 * @throws DeadlineError when pglogical does not get it going
 */
export async function prepareSubscription(
  direction: Direction,
  jobs: number,
  { signal, wait }: { readonly signal: AbortSignal; readonly wait: SlotWait },
): Promise<void> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const name = direction.subscription;
  const there = (await readSubscription(subscriber, name)) !== null;
  // What was copied for a subscription that is gone is of no use to this one.
  if (!there) await forgetCopy(subscriber);
  await makeJournal(subscriber);
  await announceRun(subscriber, await slotName(subscriber, direction), jobs);
  if (!there && (await subscriberCannotMakeSlot(subscriber, provider))) {
    await createAsleep(direction, subscriber, await slotName(subscriber, direction));
    return;
  }
  if (!there) {
    await provider.query(
      `SELECT pglogical.create_replication_set($1)
        WHERE NOT EXISTS (SELECT FROM pglogical.replication_set WHERE set_name = $1)`,
      [EMPTY_SET],
    );
    await subscriber.withStatementTimeout(CREATE_TIMEOUT_MS, () =>
      subscriber.query(
        `SELECT pglogical.create_subscription(subscription_name := $1, provider_dsn := $2, replication_sets := $3,
                  synchronize_structure := false, synchronize_data := false, forward_origins := '{}')`,
        [name, direction.provider.peerConninfo(), [EMPTY_SET]],
      ),
    );
  }
  const { sets, enabled } = await subscribedSets(subscriber, name);
  // One that is asleep has been at work before: a run before this one was ended here.
  if (enabled && sets.includes(EMPTY_SET)) {
    await untilStarted(direction, signal, wait);
    // Changes nothing: there is no table yet. It wakes pglogical's manager, which has just started the worker and would keep
    // the lock that is wanted next until a second is over (2.4.2, pglogical_worker.c, wait_for_worker_startup).
    await subscriber.query('SELECT pglogical.alter_subscription_synchronize($1, false)', [name]);
  }
  await subscriber.query('SELECT pglogical.alter_subscription_disable($1, true)', [name]);
  if (!sets.includes(REPLICATION_SET))
    await subscriber.query('SELECT pglogical.alter_subscription_add_replication_set($1, $2)', [name, REPLICATION_SET]);
  if (sets.includes(EMPTY_SET))
    await subscriber.query('SELECT pglogical.alter_subscription_remove_replication_set($1, $2)', [name, EMPTY_SET]);
  await provider.query('SELECT pglogical.drop_replication_set($1, true)', [EMPTY_SET]);
}

function subscribedSets(subscriber: Session, name: string): Promise<{ sets: string[]; enabled: boolean }> {
  return subscriber.one(
    'SELECT sub_replication_sets AS sets, sub_enabled AS enabled FROM pglogical.subscription WHERE sub_name = $1',
    [name],
  );
}

/** pglogical makes a slot, which waits for every transaction of the provider's server that is open and writes. */
async function untilStarted(direction: Direction, signal: AbortSignal | undefined, wait: SlotWait): Promise<void> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const began = performance.now();
  let undisturbed = began;
  for (;;) {
    const ready = await waitFor(
      async () =>
        (await readSubscription(subscriber, direction.subscription))?.status === 'replicating' ? true : undefined,
      { deadline: LOOK_MS, signal },
    );
    if (ready === true) return;
    const blockers = await slotBlockers(provider, 0);
    const now = performance.now();
    if (blockers.length > 0) {
      wait.progress(waitsForOpen(blockers));
      undisturbed = now;
    }
    if (now - began > wait.lockWait && blockers.length > 0) throw slotDeadline(blockers, wait);
    if (now - undisturbed > START_MS) throw await notStarted(direction, subscriber);
  }
}

async function notStarted(direction: Direction, subscriber: Session): Promise<DeadlineError> {
  const state = await readSubscription(subscriber, direction.subscription);
  return new DeadlineError(
    `subscription ${direction.subscription} on the ${direction.subscriber.toString()} does not start: pglogical says "${state?.status ?? 'nothing'}" after ${String(START_MS / 1000)} s`,
    {
      hint: 'See why with "belt doctor", mend it, and run the same command again.',
      detail: { side: direction.subscriber.name, object: direction.subscription },
    },
  );
}

/** Drops the subscription's slot, once its reader has gone, so that belt can make it anew. */
export async function dropSlot(direction: Direction, slot: string, signal: AbortSignal | undefined): Promise<void> {
  const provider = await direction.provider.root();
  const free = await waitFor(
    async () => {
      const state = await readSlot(provider, slot);
      if (state?.active !== true) return { there: state !== null };
      await endMaker(direction, slot);
      return undefined;
    },
    { deadline: SLOT_MS, signal },
  );
  if (free === undefined) {
    throw new DeadlineError(`slot ${slot} on the ${direction.provider.toString()} is still in use`, {
      hint: 'Run the same command again in a moment.',
      detail: { side: direction.provider.name, object: slot },
    });
  }
  if (free.there) await provider.query('SELECT pg_drop_replication_slot($1)', [slot]);
}

/**
 * Ends a session of belt's that still makes the slot: while it waits for open transactions it does not notice that its belt
 * has gone. As role pglogical, whose session it is.
 */
async function endMaker({ provider }: Direction, slot: string): Promise<void> {
  const session = await provider.session('pglogical');
  await session.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = s.active_pid
      WHERE s.slot_name = $1 AND a.application_name LIKE 'belt %'`,
    [slot],
  );
}

/**
 * Wakes the subscription: when all tables are from one snapshot, after the slot was moved on to it; else by bringing them to
 * one point.
 * @param wanted the tables that are replicated
 * @returns null when that went well; else why pglogical could not bring them to one point: everything must be copied anew
 * @throws CheckFailedError when the journal does not prove each of them whole, RefusedError when the slot has moved on
 */
export async function handOver(
  direction: Direction,
  run: CopyRun,
  journal: readonly JournalTable[],
  wanted: readonly Table[],
  options: JoinOptions,
): Promise<string | null> {
  const labels = new Set(wanted.map(({ label }) => label));
  const tables = journal.filter(({ label }) => labels.has(label));
  requireWhole(direction, tables, wanted);
  if (run.phase === 'joining') return goOnJoining(direction, run, tables, options);
  const provider = await direction.provider.root();
  const slot = await readSlot(provider, run.slot);
  const [snapshot = run.start_lsn, ...others] = new Set(tables.map(({ lsn }) => lsn));
  const moved = others.length === 0 && slot?.confirmed_flush_lsn === snapshot;
  if ((slot?.confirmed_flush_lsn !== run.start_lsn && !moved) || slot.wal_status === 'lost')
    throw slotMoved(direction, run.start_lsn, slot);
  if (others.length > 0) return joinTables(direction, tables, options);
  if (!moved) await moveSlot(direction, run.slot, snapshot);
  await wake(direction);
  return null;
}

/** Has the slot leave out what the snapshot has. */
async function moveSlot({ provider }: Direction, slot: string, snapshot: string | null): Promise<void> {
  const session = await provider.session('pglogical');
  await session.withStatementTimeout(0, () =>
    session.query('SELECT pg_replication_slot_advance($1, $2::pg_lsn)', [slot, snapshot]),
  );
}

async function wake(direction: Direction): Promise<void> {
  const subscriber = await direction.subscriber.root();
  await subscriber.transaction(async () => {
    await setPhase(subscriber, 'done');
    // With the journal: whoever looks sees a copy that is not over, or replication that is on.
    await subscriber.query('SELECT pglogical.alter_subscription_enable($1, false)', [direction.subscription]);
  });
}

/** What is handed over is proved: all pieces of each table are there, and as many rows as the source's snapshot has. */
function requireWhole({ subscriber }: Direction, tables: readonly JournalTable[], wanted: readonly Table[]): void {
  const whole = new Set(tables.filter(isWhole).map(({ label }) => label));
  const missing = wanted.map(({ label }) => label).filter((label) => !whole.has(label));
  if (missing.length === 0) return;
  const names = missing.slice(0, MAX_NAMES).map((label) => `"${label}"`);
  throw new CheckFailedError(
    `${String(missing.length)} of ${String(wanted.length)} tables of the ${subscriber.toString()} are not proved to be whole: ${names.join(', ')}`,
    { hint: 'Run the same command again: it copies them.', detail: { side: subscriber.name, tables: missing } },
  );
}

/** Somebody has read the slot, or made it anew: changes since the snapshot are lost. */
function slotMoved(
  { provider, subscription }: Direction,
  startLsn: string | null,
  slot: SlotState | null,
): RefusedError {
  return new RefusedError(
    `the slot of ${subscription} on the ${provider.toString()} is not where the copy began: ` +
      `${slot === null ? 'it is gone' : `it stands at ${slot.confirmed_flush_lsn ?? 'nothing'}`}, wanted ${startLsn ?? 'nothing'}; changes in between are lost`,
    {
      hint: 'Somebody has enabled the subscription, or dropped the slot, while rows were copied. Run belt reset, then belt setup.',
      detail: { side: provider.name, confirmed_lsn: slot?.confirmed_flush_lsn ?? null, start_lsn: startLsn },
    },
  );
}
