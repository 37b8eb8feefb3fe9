import type { Pair } from '../pair/pair.js';
import { REPLICATION_SET } from '../pglogical/direction.js';
import { peekCall } from '../pglogical/peek.js';
import type { ReplicationSession } from '../postgres/replication-session.js';
import type { Session } from '../postgres/session.js';
import { whileNamingBlockers, type SlotWait } from './slot-wait.js';

/** Where a slot stands, and whether the first transaction that it sends changes nothing. */
export interface SlotStart {
  readonly lsn: string;
  readonly harmless: boolean;
}

const TRIES = 50;

/**
 * Makes the slot by which changes come later, and has it begin with a transaction of belt's own, which changes nothing.
 * For pglogical's worker applies the first transaction after it has started before it has read which tables it must leave
 * alone up to some point (apply_work and handle_commit in pglogical_apply.c: process_syncing_tables runs at the commit).
 * With tables of two snapshots, a first transaction that changes one of the later snapshot would be applied to rows that
 * have it already, and undo what came after it. The slot is younger than nothing that is copied, so it may be moved on.
 */
export async function makeSlot(
  pair: Pair,
  replication: ReplicationSession,
  slot: string,
  wait: SlotWait,
): Promise<SlotStart> {
  await whileNamingBlockers(pair, replication, wait, replication.createSlot(slot));
  // As role pglogical: it alone may load the output plugin on servers that want plugins listed.
  const session = await pair.src.open('pglogical');
  try {
    let lsn = '';
    for (let tries = 0; tries < TRIES; tries++) {
      const mark = await emitMark(session);
      ({ lsn } = mark);
      await session.query('SELECT pg_replication_slot_advance($1, $2::pg_lsn)', [slot, lsn]);
      if (await isNext(session, slot, mark.xid)) return { lsn, harmless: true };
    }
    return { lsn, harmless: false };
  } finally {
    await session.close();
  }
}

/**
 * A transaction that is nothing but a message. The message's end is told, and its commit follows at once: hardly ever does
 * another one come in between. On disk, since a slot is not moved beyond that.
 */
function emitMark(session: Session): Promise<{ lsn: string; xid: string }> {
  return session.one(
    `SELECT CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'local', true) END,
            pg_logical_emit_message(true, 'belt', 'start')::text AS lsn, (txid_current() & 4294967295)::text AS xid`,
  );
}

/** Whether that transaction is the first that the slot sends. */
async function isNext(session: Session, slot: string, xid: string): Promise<boolean> {
  const { next } = await session.one<{ next: boolean }>(
    `SELECT coalesce(bool_and(xid::text = $3), false) AS next FROM ${peekCall(1)}`,
    [slot, REPLICATION_SET, xid],
  );
  return next;
}
