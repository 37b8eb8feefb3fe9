import type { Pair } from '../pair/pair.js';
import type { Label, Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import type { SideName } from '../errors.js';
import { forward, REPLICATION_SET } from './direction.js';
import { readOwnLoad } from './own-progress.js';
import { secondsLeft } from './speed.js';
import type { DirectionState, SubscriptionState } from './state.js';

/** How far the initial copy of one table is. Sizes in bytes on disk, with TOAST, without indexes. */
export interface TableLoad {
  name: Label;
  state: 'done' | 'copying' | 'waiting';
  bytes_done: number;
  bytes_total: number;
}

/** How much of the initial copy has arrived. */
export interface InitialLoad {
  /** Who copies. */
  copied_by: 'belt' | 'pglogical';
  /** `preparing` until the snapshot is there; `keys` when all rows are and keys are built; `interrupted` when nobody is at it. */
  phase: 'preparing' | 'copying' | 'keys' | 'catch-up' | 'interrupted';
  /** ISO 8601; null where the server does not tell. */
  started_at: string | null;
  /** How long the copy has kept a snapshot open on the source, whose VACUUM removes nothing newer meanwhile. */
  snapshot_seconds: number | null;
  tables: TableLoad[];
  bytes_done: number;
  bytes_total: number;
  /** On the average since the copy began; null before that, and where the server does not tell. */
  bytes_per_second: number | null;
  /** At that speed. */
  seconds_left: number | null;
  /** Sessions that hold a lock which the copy waits for. */
  blocked_by: { side: SideName; pid: number }[];
}

interface SourceRow {
  /** Since the copy's transaction there began. */
  snapshot: number | null;
  schema: string;
  name: string;
  label: Label;
  bytes: number;
  blockers: number[] | null;
}

interface DestinationRow extends Omit<SourceRow, 'snapshot'> {
  /** Of the lock that the copy has on the table; null when it has not come to the table yet. */
  granted: boolean | null;
  running: boolean;
  /** Since the copy's transaction began. */
  seconds: number | null;
}

/**
 * pglogical copies one table after the other in a single transaction, whose session it names after the subscription, on
 * both servers. Its rows cannot be seen until it ends; its locks and the files it fills can.
 * Source: pglogical_sync.c, copy_replication_sets_data. $1 is the session's name.
 */
const COPY_SESSION = `
  copy AS (SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds,
                  CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) END AS blockers
             FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1),
  locked AS (SELECT l.relation FROM pg_locks l
              WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;

/** Measuring waits for whoever has locked the table: then what the catalog knows must do. */
const BYTES = `
  (CASE WHEN c.oid IN (SELECT relation FROM locked) THEN c.relpages::int8 * current_setting('block_size')::int8
        ELSE coalesce(pg_table_size(c.oid), 0) END)::float8 AS bytes`;

/** What pglogical's word for the subscription is once all rows are copied. Source: pglogical_sync.h, SYNC_STATUS_*. */
const COPIED = ['c', 'w', 'u', 'y', 'r'];

/** How far forward replication's initial copy is, whoever copies; null when there is none that is to go on. */
export async function readInitialLoad(
  pair: Pair,
  { status, subscription, copy }: Pick<DirectionState, 'status' | 'subscription' | 'copy'>,
): Promise<InitialLoad | null> {
  if (copy !== null) return readOwnLoad(pair, copy);
  return status === 'initializing' && subscription !== null ? readPglogicalLoad(pair, subscription) : null;
}

/** Looks at pglogical's copy that runs, or is about to run: one statement on either side. */
async function readPglogicalLoad(pair: Pair, subscription: SubscriptionState): Promise<InitialLoad> {
  const { src, dst } = await pair.roots();
  const schemas = await pair.schemas();
  const session = `${forward(pair).subscription}_copy`;
  const [source, destination] = await Promise.all([
    readSource(src, schemas, session),
    readDestination(dst, schemas, session),
  ]);
  return assembleLoad(source, destination, COPIED.includes(subscription.sync_status ?? ''));
}

async function readSource(src: Session, schemas: Schemas, copySession: string): Promise<SourceRow[]> {
  const rows = await src.query<Omit<SourceRow, 'label'>>(
    `WITH ${COPY_SESSION}
     SELECT t.nspname AS schema, t.relname AS name, ${BYTES}, (SELECT blockers FROM copy LIMIT 1) AS blockers,
            (SELECT seconds FROM copy LIMIT 1) AS snapshot
       FROM pglogical.tables t JOIN pg_class c ON c.oid = t.relid
      WHERE t.set_name = $2 AND t.nspname = ANY ($3::text[]) ORDER BY t.nspname, t.relname`,
    [copySession, REPLICATION_SET, schemas.names],
  );
  return schemas.labelled(rows);
}

async function readDestination(dst: Session, schemas: Schemas, copySession: string): Promise<DestinationRow[]> {
  // Older servers do not tell which COPY runs: only what it has come to.
  const running = dst.major >= 14 ? 'SELECT relid FROM pg_stat_progress_copy JOIN copy USING (pid)' : 'SELECT 0::oid';
  const rows = await dst.query<Omit<DestinationRow, 'label'>>(
    `WITH ${COPY_SESSION}
     SELECT n.nspname AS schema, c.relname AS name, ${BYTES}, held.granted, c.oid IN (${running}) AS running, copy.seconds, copy.blockers
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN (SELECT * FROM copy LIMIT 1) copy ON true
       LEFT JOIN (SELECT l.relation, bool_and(l.granted) AS granted FROM pg_locks l JOIN copy USING (pid)
                   WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock'
                     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                   GROUP BY l.relation) held ON held.relation = c.oid
      WHERE n.nspname = ANY ($2::text[]) AND c.relkind = 'r'`,
    [copySession, schemas.names],
  );
  return schemas.labelled(rows);
}

/** @param copied whether pglogical is done with the rows, and only follows what was written meanwhile */
function assembleLoad(
  source: readonly SourceRow[],
  destination: readonly DestinationRow[],
  copied: boolean,
): InitialLoad {
  const arrived = new Map(destination.map((row) => [row.label, row]));
  const tables = source.map(({ label, bytes }) => tableLoad(label, bytes, arrived.get(label), copied));
  const bytes_done = tables.reduce((sum, table) => sum + table.bytes_done, 0);
  const bytes_total = tables.reduce((sum, table) => sum + table.bytes_total, 0);
  const seconds = destination[0]?.seconds ?? null;
  const bytes_per_second = seconds === null || seconds <= 0 ? null : Math.round(bytes_done / seconds);
  return {
    copied_by: 'pglogical',
    phase: 'copying',
    started_at: null,
    snapshot_seconds: source[0]?.snapshot ?? null,
    tables,
    bytes_done,
    bytes_total,
    bytes_per_second,
    seconds_left: secondsLeft(bytes_total - bytes_done, bytes_per_second),
    blocked_by: [
      ...(source[0]?.blockers ?? []).map((pid) => ({ side: 'src' as const, pid })),
      ...(destination[0]?.blockers ?? []).map((pid) => ({ side: 'dst' as const, pid })),
    ],
  };
}

function tableLoad(name: Label, total: number, row: DestinationRow | undefined, copied: boolean): TableLoad {
  const state = copied ? 'done' : stateOf(row);
  const bytes = { done: total, copying: Math.min(row?.bytes ?? 0, total), waiting: 0 };
  return { name, state, bytes_done: bytes[state], bytes_total: total };
}

function stateOf(row: DestinationRow | undefined): TableLoad['state'] {
  if (row === undefined || row.granted === null) return 'waiting';
  return row.running || !row.granted ? 'copying' : 'done';
}
