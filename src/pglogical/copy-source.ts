import type { Session } from '../postgres/session.js';
import { readSlot } from './state.js';

/** What the copy costs the source. */
export interface SourceBurden {
  /** Bytes of WAL that the slot holds on the source's disk; null as long as there is no slot. */
  readonly wal_retained_bytes: number | null;
  /** PostgreSQL's word: `reserved`, `extended`, `unreserved` or `lost`. */
  readonly wal_status: string | null;
  /** Bytes of WAL until the slot is in danger; null where max_slot_wal_keep_size sets no limit. */
  readonly safe_wal_bytes: number | null;
  /** How long the oldest snapshot of the copy has been held; null when there is none. */
  readonly snapshot_seconds: number | null;
  /** How many transactions have begun since: rows deleted by them cannot be cleaned up. */
  readonly snapshot_transactions: number | null;
  /** Sessions that wait for a lock which the copy holds. */
  readonly waiting: readonly WaitingSession[];
}

export interface WaitingSession {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  readonly seconds: number;
}

/** @param name how the sessions of the belt that copies are called; LIKE */
export async function readBurden(source: Session, slot: string | null, name: string): Promise<SourceBurden> {
  const state = slot === null ? null : await readSlot(source, slot);
  const { waiting, ...snapshot } = await source.one<
    Pick<SourceBurden, 'snapshot_seconds' | 'snapshot_transactions' | 'waiting'>
  >(
    `WITH belt AS (SELECT pid, xact_start, backend_xmin FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE $1)
     SELECT (SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM belt
              WHERE backend_xmin IS NOT NULL)::float8 AS snapshot_seconds,
            (SELECT max(age(backend_xmin)) FROM belt)::float8 AS snapshot_transactions,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('pid', pid, 'user', usename, 'application', application_name,
                      'seconds', extract(epoch FROM clock_timestamp() - query_start)::int) ORDER BY query_start), '[]')
               FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid NOT IN (SELECT pid FROM belt)
                AND pg_blocking_pids(pid) && (SELECT array_agg(pid) FROM belt)) AS waiting`,
    [name],
  );
  return {
    wal_retained_bytes: state?.retained_bytes ?? null,
    wal_status: state?.wal_status ?? null,
    safe_wal_bytes: state?.safe_wal_bytes ?? null,
    ...snapshot,
    waiting,
  };
}
