import { formatBytes } from '../../bytes.js';
import { literal } from '../../postgres/quote.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { finding, type Facts, type QuickFacts } from './facts.js';

const ANEW = 'The copy must be made anew: run belt reset, and run belt setup again.';
const ANEW_BACK =
  'Run belt teardown-back-replication --force; while forward replication still runs, belt setup-back-replication then makes ' +
  'it anew. What was written on the destination meanwhile must be carried to the source by hand.';

/** Bytes of WAL above which a slot that holds it back is worth a word. */
const MUCH_WAL = 1024 ** 3;

/** The slot on the provider, as far as readSlot() tells. */
export function slotFindings(facts: QuickFacts): DoctorFinding[] {
  const { direction, subscription, slot } = facts;
  const { provider } = direction;
  const at = {
    side: provider.name,
    object: subscription.slot,
    remedy: direction.name === 'forward' ? ANEW : ANEW_BACK,
  };
  if (slot === null) {
    // pglogical makes it at the beginning of the initial copy.
    if (subscription.sync_status !== 'r') return [];
    return [
      finding(facts, {
        ...at,
        code: 'slot-gone',
        severity: 'fail',
        problem: `its slot ${subscription.slot} is gone from the ${provider.toString()}: changes since then are lost`,
      }),
    ];
  }
  if (slot.database !== provider.config.db) {
    return [
      finding(facts, {
        ...at,
        code: 'slot-of-other-database',
        severity: 'fail',
        problem: `its slot ${subscription.slot} on the ${provider.word} server belongs to database "${slot.database}"`,
        remedy:
          'Another migration goes into a database of the same name. Give one destination database another name and set that migration up anew.',
      }),
    ];
  }
  if (slot.wal_status === 'lost') {
    return [
      finding(facts, {
        ...at,
        code: 'slot-lost',
        severity: 'fail',
        problem: `its slot ${subscription.slot} lost the WAL it needs (max_slot_wal_keep_size)`,
      }),
    ];
  }
  return [];
}

/** How much WAL the slot keeps on the provider's disk, and how much more it may. */
export async function walFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, subscription, slot, provider } = facts;
  if (slot === null || slot.wal_status === 'lost') return [];
  const [row] = await provider.query<{ safe: number | null; keep: string }>(
    `SELECT safe_wal_size::float8 AS safe, current_setting('max_slot_wal_keep_size') AS keep
       FROM pg_replication_slots WHERE slot_name = $1`,
    [subscription.slot],
  );
  const retained = slot.retained_bytes ?? 0;
  const safe = row?.safe ?? null;
  const near = slot.wal_status === 'unreserved' || (safe !== null && safe < retained / 4);
  if (!near && retained < MUCH_WAL) return [];
  const { provider: side } = direction;
  return [
    finding(facts, {
      code: near ? 'slot-near-limit' : 'slot-retains-wal',
      severity: near ? 'warn' : 'note',
      side: side.name,
      object: subscription.slot,
      problem:
        `its slot ${subscription.slot} keeps ${formatBytes(retained)} of WAL on the disk of the ${side.word} server` +
        (near
          ? `, and is lost after ${formatBytes(safe ?? 0)} more (max_slot_wal_keep_size = ${row?.keep ?? ''})`
          : ', and more until the subscriber has applied it'),
      remedy: near
        ? `Raise max_slot_wal_keep_size on the ${side.word} server now (ALTER SYSTEM SET, then SELECT pg_reload_conf()).`
        : `Watch the free disk space of the ${side.word} server.`,
    }),
  ];
}

/** The worker reads the slot, but has not caught up since it began. */
export function catchUpFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, subscription, slot, workerPid } = facts;
  if (slot?.active !== true || workerPid === null || slot.walsender_state === 'streaming') return Promise.resolve([]);
  return Promise.resolve([
    finding(facts, {
      code: 'catching-up',
      severity: 'note',
      side: direction.provider.name,
      object: subscription.slot,
      problem:
        `the ${direction.subscriber.word} is catching up: the walsender of slot ${subscription.slot} is in state ` +
        `${slot.walsender_state ?? 'unknown'}, with ${formatBytes(slot.confirmed_lag_bytes ?? 0)} of WAL not confirmed`,
      remedy: 'Look again in a moment: the figure must fall.',
    }),
  ]);
}

/** Somebody else reads the slot, so that the subscriber's own worker cannot. */
export async function readerFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, subscription, slot, provider, workerPid } = facts;
  if (slot?.active !== true || workerPid !== null) return [];
  const [reader] = await provider.query<{ pid: number; application: string; address: string; since: string }>(
    `SELECT a.pid, a.application_name AS application, coalesce(host(a.client_addr), 'a local socket') AS address,
            to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
       FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = s.active_pid
      WHERE s.slot_name = $1`,
    [subscription.slot],
  );
  if (reader === undefined) return [];
  const { provider: side, subscriber } = direction;
  return [
    finding(facts, {
      code: 'slot-held',
      severity: 'fail',
      side: side.name,
      object: subscription.slot,
      problem:
        `its slot ${subscription.slot} is read by somebody else, not by the ${subscriber.toString()}: pid ${reader.pid} ` +
        `of the ${side.word} server ("${reader.application}" from ${reader.address}, since ${reader.since})`,
      remedy:
        `If that is another migration into a database of the same name, one of them must get another name. If it is the ` +
        `connection of a worker that is gone, end it on the ${side.word} server: SELECT pg_terminate_backend(${reader.pid})`,
    }),
  ];
}

/** The subscriber's memory of how far it is: gone, or ahead of the provider. */
export async function originFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, subscription, slot, subscriber, provider } = facts;
  if (subscription.sync_status !== 'r' || slot === null) return [];
  const name = subscription.slot;
  const { subscriber: side } = direction;
  const [origin] = await subscriber.query<{ lsn: string | null }>(
    'SELECT pg_replication_origin_progress(roname, false)::text AS lsn FROM pg_replication_origin WHERE roname = $1',
    [name],
  );
  if (origin === undefined) {
    return [
      finding(facts, {
        code: 'origin-gone',
        severity: 'fail',
        side: side.name,
        object: name,
        problem: `the replication origin ${name} is gone from the ${side.toString()}: it does not know any more how far it is`,
        remedy:
          `Make it again where the slot stands: SELECT pg_replication_origin_create(${literal(name)}); ` +
          `SELECT pg_replication_origin_advance(${literal(name)}, ${literal(slot.confirmed_flush_lsn ?? '0/0')})`,
      }),
    ];
  }
  const { ahead, now } = await provider.one<{ ahead: boolean | null; now: string }>(
    'SELECT $1::pg_lsn > pg_current_wal_insert_lsn() AS ahead, pg_current_wal_insert_lsn()::text AS now',
    [origin.lsn],
  );
  if (ahead !== true) return [];
  return [
    finding(facts, {
      code: 'origin-ahead',
      severity: 'fail',
      side: side.name,
      object: name,
      problem:
        `the ${side.toString()} has applied up to ${origin.lsn ?? ''}, but the ${direction.provider.word} server is only at ` +
        `${now}: that is not the server it followed, or an older state of it, and its changes are skipped`,
      remedy: direction.name === 'forward' ? ANEW : ANEW_BACK,
    }),
  ];
}

/** A direction that is not set up, but whose slot was left on the provider and keeps WAL there. */
export async function leftoverFindings(
  facts: Pick<Facts, 'direction' | 'provider'>,
  slot: string,
): Promise<DoctorFinding[]> {
  const [row] = await facts.provider.query<{ retained: number; active: boolean }>(
    `SELECT coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::float8 AS retained, active
       FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database()`,
    [slot],
  );
  if (row === undefined || row.active) return [];
  const { provider: side } = facts.direction;
  return [
    finding(facts, {
      code: 'slot-left-over',
      severity: 'warn',
      side: side.name,
      object: slot,
      problem: `slot ${slot} is on the ${side.toString()} although there is no subscription to it; it keeps ${formatBytes(row.retained)} of WAL, and more every day`,
      remedy: `Drop it on that database: SELECT pg_drop_replication_slot(${literal(slot)})`,
    }),
  ];
}
