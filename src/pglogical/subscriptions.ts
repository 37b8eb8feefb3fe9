import { BeltError, DeadlineError, RefusedError } from '../errors.js';
import { ident, literal } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { readOwnCopy } from './copy-state.js';
import { pglogicalVersion } from './extension.js';
import { REPLICATION_SET, type Direction } from './direction.js';
import { applyWorkerPid, readDirection, readSlot, readSubscription, slotName, type DirectionState } from './state.js';
import { canMakeSlotOn } from './versions.js';
import { waitFor } from '../postgres/wait.js';

const CREATE_TIMEOUT_MS = 90_000;
const DROP_TIMEOUT_MS = 120_000;
const START_DEADLINE_MS = 30_000;
const DOWN_GRACE_MS = 8_000;
const SLOT_DEADLINE_MS = 20_000;
const WORKER_END_MS = 3_000;
/** Milliseconds that pglogical takes at most to start a worker for a subscription that is new or newly enabled. */
const STARTING_MS = 1_000;

/** @returns why there is nothing to do, or null when the subscription must be made */
export async function subscriptionExists(direction: Direction): Promise<string | null> {
  const subscription = await readSubscription(await direction.subscriber.root(), direction.subscription);
  return subscription === null ? null : `subscription ${direction.subscription} is there`;
}

/**
 * Makes a direction's subscription.
 * @param copyData whether pglogical copies the rows that are there already
 * @throws RefusedError when a slot of the same name serves another database, or data cannot be copied this way
 */
export async function createSubscription(direction: Direction, copyData: boolean): Promise<string | undefined> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const slot = await slotName(subscriber, direction);
  await refuseForeignSlot(direction, provider, slot);
  if (await subscriberCannotMakeSlot(subscriber, provider)) {
    if (copyData) throw cannotCopyInto(direction, provider);
    await subscribeToOwnSlot(direction, subscriber, slot);
    return `on a slot made beforehand, since pglogical there cannot make one on PostgreSQL ${provider.major}`;
  }
  await callCreateSubscription(direction, subscriber, copyData);
  return undefined;
}

async function callCreateSubscription(direction: Direction, subscriber: Session, copyData: boolean): Promise<void> {
  await subscriber.withStatementTimeout(CREATE_TIMEOUT_MS, () =>
    subscriber.query(
      `SELECT pglogical.create_subscription(subscription_name := $1, provider_dsn := $2, replication_sets := $3,
                synchronize_structure := false, synchronize_data := $4, forward_origins := '{}')`,
      [direction.subscription, direction.provider.peerConninfo(), [REPLICATION_SET], copyData],
    ),
  );
}

/**
 * The slot's name is made of the subscriber's database name and the node names only. Two migrations from one server into
 * databases of one name on different servers would share it, and pglogical would drop the other one's slot.
 */
async function refuseForeignSlot(direction: Direction, provider: Session, slot: string): Promise<void> {
  const state = await readSlot(provider, slot);
  const { database } = provider.address;
  if (state === null || (state.database === database && !state.active)) return;
  throw new RefusedError(
    `the ${direction.provider.word} server has a replication slot ${slot} already, in use for database "${state.database}"`,
    {
      hint:
        'Another migration goes into a database of the same name. Give this destination database another name, ' +
        'or finish the other migration first.',
      detail: { side: direction.provider.name, object: slot },
    },
  );
}

/** Whether the subscriber's pglogical cannot make a slot on the provider's PostgreSQL: belt then makes it. */
export async function subscriberCannotMakeSlot(subscriber: Session, provider: Session): Promise<boolean> {
  return !canMakeSlotOn((await pglogicalVersion(subscriber)) ?? [], provider.major);
}

function cannotCopyInto(direction: Direction, provider: Session): RefusedError {
  return new RefusedError(
    `pglogical on the ${direction.subscriber.word} server is older than 2.4.5 and cannot copy from PostgreSQL ${String(provider.major)}`,
    {
      hint: `Leave --copy away: belt copies the rows then, and makes the slot itself. Or update pglogical on the ${direction.subscriber.word} server to 2.4.5 or newer.`,
      detail: { side: direction.subscriber.name },
    },
  );
}

/**
 * Makes slot and origin by SQL and tells pglogical that both are there and nothing is to be copied, so that it never
 * tries to make the slot itself. Each part is kept if a run before this one made it.
 */
async function subscribeToOwnSlot(direction: Direction, subscriber: Session, slot: string): Promise<void> {
  // As role pglogical: it alone may load the output plugin on servers that want plugins listed.
  const asPglogical = await direction.provider.session('pglogical');
  if ((await readSlot(asPglogical, slot)) === null) {
    await asPglogical.withStatementTimeout(CREATE_TIMEOUT_MS, () =>
      asPglogical.query("SELECT pg_create_logical_replication_slot($1, 'pglogical_output')", [slot]),
    );
  }
  await createSynced(direction, subscriber, slot);
}

/** Makes the subscription for a slot that is still to be made, and leaves it asleep until then. */
export async function createAsleep(direction: Direction, subscriber: Session, slot: string): Promise<void> {
  await createSynced(direction, subscriber, slot, async () => {
    // Within the transaction: no worker ever sees it awake.
    await subscriber.query('SELECT pglogical.alter_subscription_disable($1, false)', [direction.subscription]);
  });
}

async function createSynced(
  direction: Direction,
  subscriber: Session,
  slot: string,
  also: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await subscriber.query(
    'SELECT pg_replication_origin_create($1) WHERE NOT EXISTS (SELECT FROM pg_replication_origin WHERE roname = $1)',
    [slot],
  );
  await subscriber.transaction(async () => {
    await callCreateSubscription(direction, subscriber, false);
    await subscriber.query(
      `UPDATE pglogical.local_sync_status SET sync_status = 'r'
        WHERE sync_relname IS NULL
          AND sync_subid = (SELECT sub_id FROM pglogical.subscription WHERE sub_name = $1)`,
      [direction.subscription],
    );
    await also();
  });
}

/**
 * Waits until a direction is in one of the states wanted.
 * @param options milliseconds: until it is given up, and for how long it may be down meanwhile
 * @throws CheckFailed-like BeltError with the reasons when it goes down and stays down, DeadlineError when time is over
 */
export async function waitForDirection(
  direction: Direction,
  wanted: readonly DirectionState['status'][],
  {
    deadline = START_DEADLINE_MS,
    downGrace = DOWN_GRACE_MS,
    signal,
  }: { deadline?: number; downGrace?: number; signal: AbortSignal | undefined },
): Promise<DirectionState> {
  await wakeWorker(direction, signal);
  let last: DirectionState | undefined;
  let downSince: number | undefined;
  const found = await waitFor(
    async () => {
      last = await readDirection(direction);
      if (wanted.includes(last.status) || last.copyLost) return last;
      // pglogical starts a failed worker again after some seconds: down for a moment is not yet the truth.
      if (last.status !== 'down') downSince = undefined;
      else downSince ??= performance.now();
      if (downSince !== undefined && performance.now() - downSince > downGrace) return last;
      return undefined;
    },
    { deadline, signal },
  );
  if (found !== undefined && wanted.includes(found.status)) return found;
  const state = found ?? last;
  if (state?.status === 'down') throw downError(direction, state);
  throw new DeadlineError(
    `${direction.name} replication is still ${state?.status ?? 'unknown'} after ${String(Math.round(deadline / 1000))} s (wanted: ${wanted.join(' or ')})`,
    {
      hint: 'Look at it with "belt status", and run the same command again.',
      detail: { direction: direction.name, status: state?.status ?? null },
    },
  );
}

/**
 * A worker that has failed several times is tried again after minutes only; enabling its subscription starts it now. One
 * that pglogical is just starting comes by itself: asked for it meanwhile, pglogical would wait for a second.
 */
async function wakeWorker(direction: Direction, signal: AbortSignal | undefined): Promise<void> {
  const down = async (): Promise<boolean> => {
    const { status, copy } = await readDirection(direction);
    return status === 'down' && copy === null;
  };
  const up = await waitFor(async () => ((await down()) ? undefined : true), { deadline: STARTING_MS, signal });
  if (up === undefined) await restartWorker(direction);
}

/**
 * Enables the subscription, which starts its worker at once.
 * @throws RefusedError when belt's own copy is not over: changes would come before the rows that they change, and be lost
 */
export async function restartWorker({ name, subscriber, subscription }: Direction): Promise<void> {
  const session = await subscriber.root();
  const copy = name === 'forward' ? await readOwnCopy(session) : null;
  if (copy !== null && copy.phase !== 'done') {
    throw new RefusedError(
      `subscription ${subscription} on the ${subscriber.toString()} sleeps until the rows are copied`,
      {
        hint: 'Run belt setup: it copies what is missing, and wakes the subscription.',
        detail: { side: subscriber.name, object: subscription },
      },
    );
  }
  await session.query('SELECT pglogical.alter_subscription_enable($1, true)', [subscription]);
}

/** The error that says that a direction is down, and why. */
function downError(direction: Direction, state: DirectionState): BeltError {
  return new BeltError(
    `${direction.name} replication (subscription ${direction.subscription} on the ${direction.subscriber.toString()}) is down: ${state.reasons.join('; ')}`,
    {
      hint: `Mend the cause, then run the same command again.`,
      detail: { side: direction.subscriber.name, object: direction.subscription, reasons: state.reasons },
    },
  );
}

/**
 * Drops the subscription. A worker that waits for a lock does not end: the time-out then names who blocks it.
 * The worker is told to end beforehand, and its end waited for: pglogical itself only looks once a second, which is long
 * in a downtime.
 */
export async function dropSubscription(
  direction: Pick<Direction, 'subscriber' | 'subscription'>,
  signal: AbortSignal | undefined,
): Promise<undefined> {
  const session = await direction.subscriber.root();
  await session.query('SELECT pglogical.alter_subscription_disable($1, true)', [direction.subscription]);
  await waitFor(async () => ((await applyWorkerPid(session, direction.subscription)) === null ? true : undefined), {
    deadline: WORKER_END_MS,
    interval: 50,
    signal,
  });
  try {
    await session.withStatementTimeout(DROP_TIMEOUT_MS, () =>
      // One message, so that it is carried through even when belt is killed meanwhile: pglogical drops the slot on the
      // other server first, and a drop that is undone after that would leave a subscription without slot.
      session.query(
        `SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('client_connection_check_interval', 'lock_timeout');
         SELECT pglogical.drop_subscription(${literal(direction.subscription)}, true)`,
      ),
    );
  } catch (error) {
    if (error instanceof BeltError && error.detail?.['sqlstate'] === SQLSTATE.queryCanceled)
      throw await blockedDrop(direction, session);
    throw error;
  }
}

async function blockedDrop(
  { subscriber, subscription }: Pick<Direction, 'subscriber' | 'subscription'>,
  session: Session,
): Promise<BeltError> {
  const blockers = await session.query<{ pid: number; blockers: number[] }>(
    `SELECT pid, pg_blocking_pids(pid) AS blockers FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'pglogical apply %'
        AND cardinality(pg_blocking_pids(pid)) > 0`,
  );
  const pids = [...new Set(blockers.flatMap((row) => row.blockers))];
  return new DeadlineError(
    `subscription ${subscription} on the ${subscriber.toString()} could not be dropped in ${String(DROP_TIMEOUT_MS / 1000)} s` +
      (pids.length === 0 ? '' : `: its apply worker waits for a lock held by pid ${pids.join(', ')}`),
    {
      hint:
        pids.length === 0
          ? 'Run the same command again.'
          : `End those sessions (SELECT pg_terminate_backend(${String(pids[0])})) and run the same command again.`,
      detail: { side: subscriber.name, object: subscription, blocked_by: pids },
    },
  );
}

/** @returns why there is nothing left of a dropped subscription, or null when its slot or origin remains */
export async function remainsGone(direction: Direction): Promise<string | null> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  if ((await pglogicalVersion(subscriber)) === null) return 'pglogical is not there';
  const slot = await slotName(subscriber, direction);
  const slotState = await readSlot(provider, slot);
  const origins = await subscriber.query('SELECT 1 FROM pg_replication_origin WHERE roname = $1', [slot]);
  return slotState === null && origins.length === 0 ? 'slot and origin are gone' : null;
}

/** Removes the slot on the provider and the origin on the subscriber, which outlive a subscription dropped in bad times. */
export async function dropRemains(direction: Direction, signal: AbortSignal | undefined): Promise<string> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const slot = await slotName(subscriber, direction);
  const idle = await waitFor(
    async () => {
      const state = await readSlot(provider, slot);
      return state?.active === true ? undefined : { gone: state === null };
    },
    { deadline: SLOT_DEADLINE_MS, signal },
  );
  if (idle === undefined) {
    throw new DeadlineError(
      `slot ${slot} on the ${direction.provider.toString()} is still in use after the subscription was dropped`,
      {
        hint: 'Run the same command again in a moment.',
        detail: { side: direction.provider.name, object: slot },
      },
    );
  }
  if (!idle.gone) await provider.query('SELECT pg_drop_replication_slot($1)', [slot]);
  await subscriber.query('SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1', [
    slot,
  ]);
  return `removed slot and origin ${ident(slot)}`;
}
