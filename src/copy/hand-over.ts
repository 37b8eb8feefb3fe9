import { DeadlineError } from '../errors.js';
import type { Direction } from '../pglogical/direction.js';
import { EMPTY_SET, REPLICATION_SET } from '../pglogical/direction.js';
import { readSlot, readSubscription } from '../pglogical/state.js';
import type { Session } from '../postgres/session.js';
import { waitFor } from '../postgres/wait.js';
import { forgetCopy, setPhase, type JournalTable } from '../pglogical/copy-journal.js';
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
const LOOK_MS = 1_000;

/**
 * Makes the subscription, asleep, on belt's replication set. Each part is kept if a run before this one made it.
 * @throws DeadlineError when pglogical does not get it going
 */
export async function prepareSubscription(
  direction: Direction,
  signal: AbortSignal | undefined,
  wait: SlotWait,
): Promise<void> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const name = direction.subscription;
  if ((await readSubscription(subscriber, name)) === null) {
    // What was copied for a subscription that is gone is of no use to this one.
    await forgetCopy(subscriber);
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
 * Wakes the subscription. Tables that were copied from a later snapshot than the slot's are noted as such in pglogical's
 * catalog, which then leaves out their changes up to there.
 */
export async function handOver(direction: Direction, startLsn: string, tables: readonly JournalTable[]): Promise<void> {
  const subscriber = await direction.subscriber.root();
  const later = tables.filter(({ lsn }) => lsn !== startLsn);
  const names = [later.map(({ schema }) => schema), later.map(({ name }) => name)];
  await subscriber.transaction(async () => {
    if (later.length > 0) {
      await subscriber.query(
        `DELETE FROM pglogical.local_sync_status
          WHERE (sync_nspname, sync_relname) IN (SELECT * FROM unnest($2::text[], $3::text[]))
            AND sync_subid = (SELECT sub_id FROM pglogical.subscription WHERE sub_name = $1)`,
        [direction.subscription, ...names],
      );
      await subscriber.query(
        `INSERT INTO pglogical.local_sync_status (sync_kind, sync_subid, sync_nspname, sync_relname, sync_status, sync_statuslsn)
         SELECT 'f', s.sub_id, t.schema, t.name, 'y', t.lsn
           FROM pglogical.subscription s, unnest($2::text[], $3::text[], $4::pg_lsn[]) AS t (schema, name, lsn)
          WHERE s.sub_name = $1`,
        [direction.subscription, ...names, later.map(({ lsn }) => lsn)],
      );
    }
    await setPhase(subscriber, 'done');
  });
  await subscriber.query('SELECT pglogical.alter_subscription_enable($1, true)', [direction.subscription]);
}
