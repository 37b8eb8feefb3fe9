import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../postgres/session.js';
import type { Direction } from './direction.js';
import { nodeName } from './direction.js';
import { copyProven } from './copy-proof.js';
import { readOwnCopy, unfinished, type UnfinishedCopy } from './copy-state.js';
import { copyInterrupted } from './diagnosis/copy.js';
import { reasonOf } from './diagnosis/facts.js';
import { quickFindings, workerNotRunning } from './diagnosis/quick.js';
import { presence } from './extension.js';

/** What a person is told about a direction. */
export type DirectionStatus = 'unconfigured' | 'initializing' | 'replicating' | 'down';

/** What the subscriber's catalog says about a subscription. */
export interface SubscriptionState {
  slot: string;
  /** The replication sets that it receives. */
  sets: string[];
  enabled: boolean;
  /** pglogical's own word: `replicating` only says that a worker lives and the subscription as a whole was synced once. */
  status: string;
  /** The subscription's own sync state; `d` means that the initial copy failed and cannot go on. */
  sync_status: string | null;
  tables_total: number;
  /** Whose rows are still to come. */
  tables_waiting: number;
  /** Whose changes still come by ways of their own, or are left out up to some point. */
  tables_unready: number;
}

/** What the provider says about a subscription's slot. Positions and distances in bytes of WAL. */
export interface SlotState {
  active: boolean;
  database: string;
  walsender_state: string | null;
  confirmed_flush_lsn: string | null;
  /** Bytes of WAL that the slot holds on the provider's disk. */
  retained_bytes: number | null;
  wal_status: string | null;
  /** Bytes of WAL until the slot is in danger; null where max_slot_wal_keep_size sets no limit. */
  safe_wal_bytes: number | null;
  /** The provider's newest position. */
  wal_lsn: string;
  /** Seconds since the subscriber last answered. */
  reply_age_seconds: number | null;
  sent_lag_bytes: number | null;
  write_lag_bytes: number | null;
  flush_lag_bytes: number | null;
  replay_lag_bytes: number | null;
  /** Bytes between the provider's newest WAL and what the subscriber has confirmed. */
  confirmed_lag_bytes: number | null;
}

export interface DirectionState {
  status: DirectionStatus;
  subscription: SubscriptionState | null;
  slot: SlotState | null;
  /** Why it is down, a sentence each; empty otherwise. */
  reasons: string[];
  /** The initial copy was rolled back, although pglogical calls it done. */
  copyLost: boolean;
  /** Belt's own copy, as long as it is not over. */
  copy: UnfinishedCopy | null;
}

/** @returns the subscription as the subscriber's catalog has it, or null */
export async function readSubscription(session: Session, name: string): Promise<SubscriptionState | null> {
  const { there, loaded } = await presence(session);
  if (!there) return null;
  // On a server that does not load pglogical at its start its functions raise an error; its tables can be read.
  const ownWord = loaded
    ? 'CROSS JOIN LATERAL pglogical.show_subscription_status(s.sub_name) st'
    : "CROSS JOIN (SELECT 'down' AS status) st";
  const [row] = await session.query<SubscriptionState>(
    `SELECT s.sub_slot_name AS slot, s.sub_replication_sets AS sets, s.sub_enabled AS enabled, st.status, whole.sync_status,
            coalesce(each.total, 0)::int AS tables_total, coalesce(each.waiting, 0)::int AS tables_waiting,
            coalesce(each.unready, 0)::int AS tables_unready
       FROM pglogical.subscription s
       ${ownWord}
       LEFT JOIN LATERAL (SELECT l.sync_status::text FROM pglogical.local_sync_status l
                           WHERE l.sync_subid = s.sub_id AND l.sync_relname IS NULL) whole ON true
       LEFT JOIN LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE l.sync_status NOT IN ('r', 'y')) AS waiting,
                                 count(*) FILTER (WHERE l.sync_status <> 'r') AS unready
                            FROM pglogical.local_sync_status l
                           WHERE l.sync_subid = s.sub_id AND l.sync_relname IS NOT NULL) each ON true
      WHERE s.sub_name = $1`,
    [name],
  );
  return row ?? null;
}

/** An apply worker: process numbers come again, but not with the same start. */
export interface ApplyWorker {
  readonly pid: number;
  readonly started: string;
}

export function isSameWorker(one: ApplyWorker | null, other: ApplyWorker | null): boolean {
  return one?.pid === other?.pid && one?.started === other?.started;
}

/** @returns a subscription's apply worker, or null when it does not run */
export async function applyWorker(subscriber: Session, subscription: string): Promise<ApplyWorker | null> {
  const [worker] = await subscriber.query<ApplyWorker>(
    `SELECT a.pid, a.backend_start::text AS started FROM pg_stat_activity a, pglogical.subscription s
      WHERE s.sub_name = $1 AND a.datname = current_database()
        AND a.application_name = format('pglogical apply %s:%s', a.datid, s.sub_id)`,
    [subscription],
  );
  return worker ?? null;
}

/** @returns the process of a subscription's apply worker, or null when it does not run */
export async function applyWorkerPid(subscriber: Session, subscription: string): Promise<number | null> {
  return (await applyWorker(subscriber, subscription))?.pid ?? null;
}

/**
 * The slot and its walsender, joined by the slot's own process: application names are not unique, since databases of one
 * server share pglogical's names.
 */
export async function readSlot(session: Session, slot: string): Promise<SlotState | null> {
  const [row] = await session.query<SlotState>(
    `SELECT s.active, s.database, s.confirmed_flush_lsn::text, s.wal_status, r.state AS walsender_state,
            s.safe_wal_size::float8 AS safe_wal_bytes, now.lsn::text AS wal_lsn,
            extract(epoch FROM clock_timestamp() - r.reply_time)::float8 AS reply_age_seconds,
            pg_wal_lsn_diff(now.lsn, s.restart_lsn)::float8 AS retained_bytes,
            pg_wal_lsn_diff(now.lsn, r.sent_lsn)::float8 AS sent_lag_bytes,
            pg_wal_lsn_diff(now.lsn, r.write_lsn)::float8 AS write_lag_bytes,
            pg_wal_lsn_diff(now.lsn, r.flush_lsn)::float8 AS flush_lag_bytes,
            pg_wal_lsn_diff(now.lsn, r.replay_lsn)::float8 AS replay_lag_bytes,
            pg_wal_lsn_diff(now.lsn, s.confirmed_flush_lsn)::float8 AS confirmed_lag_bytes
       FROM pg_replication_slots s
       CROSS JOIN (SELECT pg_current_wal_lsn() AS lsn) now
       LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
      WHERE s.slot_name = $1`,
    [slot],
  );
  return row ?? null;
}

/** The name that pglogical gives to a direction's slot (and to the origin on the subscriber). */
export async function slotName(subscriber: Session, direction: Direction): Promise<string> {
  const { slot } = await subscriber.one<{ slot: string }>(
    'SELECT pglogical.pglogical_gen_slot_name(current_database(), $1, $2) AS slot',
    [nodeName(direction.provider.name), direction.subscription],
  );
  return slot;
}

const SECOND_LOOK_MS = 400;

/** Reads both servers and says how a direction is. */
export async function readDirection(direction: Direction): Promise<DirectionState> {
  const first = await look(direction);
  // A worker that has just started, or just ended to start again, looks down or up for a moment: look twice.
  if (first.status !== 'down' || first.subscription?.enabled === false) return first;
  await sleep(SECOND_LOOK_MS);
  return look(direction);
}

async function look(direction: Direction): Promise<DirectionState> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const subscription = await readSubscription(subscriber, direction.subscription);
  const none = { reasons: [], copyLost: false, copy: null };
  if (subscription === null) return { ...none, status: 'unconfigured', subscription, slot: null };
  const facts = { direction, subscription, subscriber, provider };
  const own = direction.name === 'forward' ? await readOwnCopy(subscriber) : null;
  const copy = await unfinished(own, { source: provider, destination: subscriber });
  if (copy !== null) {
    const slot = await readSlot(provider, subscription.slot);
    if (copy.holder !== null) return { ...none, status: 'initializing', subscription, slot, copy };
    return {
      ...none,
      status: 'down',
      subscription,
      slot,
      reasons: [reasonOf(copyInterrupted({ ...facts, slot }, copy))],
      copy,
    };
  }
  const copied = subscription.sync_status === 'r' && direction.name === 'forward';
  const [slot, proven] = await Promise.all([
    readSlot(provider, subscription.slot),
    copied ? copyProven(subscriber, own) : null,
  ]);
  const status = judge(subscription, slot);
  const copyLost = proven === false;
  if (status !== 'down' && !copyLost) return { ...none, status, subscription, slot };
  const causes = (await quickFindings({ ...facts, slot }, copyLost)).filter(({ severity }) => severity === 'fail');
  const reasons = (causes.length > 0 ? causes : [workerNotRunning({ ...facts, slot })]).map(reasonOf);
  return { ...none, status: 'down', subscription, slot, reasons, copyLost };
}

/**
 * How a direction is. pglogical's `replicating` is not enough: it does not look at the slot, nor at single tables.
 * Source: pglogical_functions.c, show_subscription_status.
 */
export function judge(subscription: SubscriptionState, slot: SlotState | null): DirectionStatus {
  // One that was disabled a moment ago still has its worker.
  if (!subscription.enabled) return 'down';
  if (subscription.status !== 'replicating') {
    // Sync state `d` says nothing here: it stands while rows are copied, and stays when that has failed; then the worker
    // ends as soon as it starts, and pglogical's word is `down`.
    return subscription.status === 'initializing' ? 'initializing' : 'down';
  }
  if (subscription.sync_status !== 'r' || subscription.tables_waiting > 0) return 'initializing';
  return slot?.active === true ? 'replicating' : 'down';
}
