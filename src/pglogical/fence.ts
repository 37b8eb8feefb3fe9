import type { Direction } from './direction.js';
import { readSlot, readSubscription } from './state.js';
import type { Session } from '../postgres/session.js';
import { waitFor } from '../postgres/wait.js';

/** How far a subscriber is behind a fence put into the provider's WAL. */
export interface FenceResult {
  reached: boolean;
  /** The fence's position. */
  lsn: string;
  /** What the subscriber has confirmed, or null when the slot is gone. */
  confirmed: string | null;
  /** Bytes of WAL not confirmed yet. */
  missing_bytes: number | null;
  active: boolean;
}

/** Milliseconds that a slot without a reader is given to get one, before the wait is given up as hopeless. */
const INACTIVE_GRACE_MS = 6_000;

/** Milliseconds without a reader after which its worker is started, and started once more when it has ended again. */
const WAKE_MS = 1_500;

/** Puts a message into the provider's WAL, after everything committed so far. @returns its position */
export async function putFence(provider: Session): Promise<string> {
  const { lsn } = await provider.one<{ lsn: string }>(
    "SELECT pg_logical_emit_message(true, 'belt', 'fence')::text AS lsn",
  );
  return lsn;
}

/** Bytes from a confirmed position to a fence: zero or less once the fence is confirmed; null without a slot. */
export async function missingBytes(provider: Session, fence: string, confirmed: string | null): Promise<number | null> {
  const { missing } = await provider.one<{ missing: number | null }>(
    'SELECT pg_wal_lsn_diff($1::pg_lsn, $2::pg_lsn)::float8 AS missing',
    [fence, confirmed],
  );
  return missing;
}

/**
 * Puts a message into the provider's WAL, after everything committed so far, and waits until the subscriber has confirmed
 * that position: then all that was committed before is applied and flushed there. It holds while apply is blocked by a
 * lock, although what was *sent* moves on; the current WAL position would not do, since asynchronous commits may be
 * behind it. A subscription without worker is enabled and its worker started: a belt that was killed while it dropped the
 * subscription leaves it like that.
 * @param deadline milliseconds; given up sooner when nothing reads the slot
 */
export async function waitForFence(
  direction: Direction,
  deadline: number,
  signal: AbortSignal | undefined,
  progress?: (bytes: number) => void,
): Promise<FenceResult | null> {
  const [subscriber, provider] = await Promise.all([direction.subscriber.root(), direction.provider.root()]);
  const subscription = await readSubscription(subscriber, direction.subscription);
  if (subscription === null) return null;
  const lsn = await putFence(provider);
  let result: FenceResult = { reached: false, lsn, confirmed: null, missing_bytes: null, active: false };
  let inactiveSince: number | undefined;
  let wakeAt = subscription.enabled ? performance.now() + WAKE_MS : 0;
  const wake = async (): Promise<void> => {
    wakeAt = performance.now() + WAKE_MS;
    await subscriber.query('SELECT pglogical.alter_subscription_enable($1, true)', [direction.subscription]);
  };
  const reached = await waitFor(
    async () => {
      const slot = await readSlot(provider, subscription.slot);
      const confirmed = slot?.confirmed_flush_lsn ?? null;
      const missing = await missingBytes(provider, lsn, confirmed);
      result = {
        reached: missing !== null && missing <= 0,
        lsn,
        confirmed,
        missing_bytes: missing,
        active: slot?.active ?? false,
      };
      if (result.reached) return true;
      if (missing !== null) progress?.(missing);
      if (result.active) {
        inactiveSince = undefined;
        return undefined;
      }
      inactiveSince ??= performance.now();
      if (slot !== null && performance.now() >= wakeAt) await wake();
      return performance.now() - inactiveSince > INACTIVE_GRACE_MS ? false : undefined;
    },
    { deadline, interval: 100, signal },
  );
  return { ...result, reached: reached === true };
}
