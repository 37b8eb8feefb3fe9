import type { SideName } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Label, Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { CHUNKS, TABLES } from './copy-journal.js';
import { COPY_SESSIONS, type UnfinishedCopy } from './copy-state.js';
import type { InitialLoad, TableLoad } from './progress.js';
import { secondsLeft } from './speed.js';

/** A table in the journal, and what is under way of it. */
export interface JournalProgress {
  schema: string;
  name: string;
  label: Label;
  /** On the source's disk. */
  bytes: number;
  chunks: number;
  chunks_done: number;
  /** Of those, since the snapshot was taken that is open now. */
  chunks_lately: number;
  /** Bytes of COPY's stream in the pieces that are there. */
  streamed: number;
  whole: boolean;
  /** Bytes of COPY's stream that have come of each piece that is on its way. */
  running: number[];
  /** How many of those are at it right now; the others are through, and wait for the rest of their transaction. */
  jobs: number;
}

interface SourceLook {
  seconds: number | null;
  blockers: number[];
}

/**
 * How far belt's own copy is, by its journal: as exact as the pieces are small. Within a piece the destination tells how much
 * of COPY's stream it has read.
 */
export async function readOwnLoad(pair: Pair, copy: UnfinishedCopy): Promise<InitialLoad> {
  const { src, dst } = await pair.roots();
  const source = await readSource(src);
  const [tables, blockers] = await Promise.all([
    readJournalProgress(dst, await pair.schemas(), source.seconds),
    readBlockers(dst),
  ]);
  return assembleOwnLoad(copy, tables, source.seconds, bothSides(source.blockers, blockers));
}

/** Sessions that hold a lock which belt's copy waits for. */
export async function readCopyBlockers(pair: Pair): Promise<InitialLoad['blocked_by']> {
  const { src, dst } = await pair.roots();
  const [{ blockers }, destination] = await Promise.all([readSource(src), readBlockers(dst)]);
  return bothSides(blockers, destination);
}

function bothSides(src: readonly number[], dst: readonly number[]): InitialLoad['blocked_by'] {
  return [...src.map((pid) => ({ side: 'src' as const, pid })), ...dst.map((pid) => ({ side: 'dst' as const, pid }))];
}

/** How far each table is, by its pieces. */
export function tableLoads(journal: readonly JournalProgress[]): TableLoad[] {
  const overall = streamRatio(journal) ?? 1;
  return journal.map((table) => tableLoad(table, overall, false).load);
}

/** @param blockedBy sessions that hold a lock which the copy waits for @param seconds how old the snapshot is, or null */
function assembleOwnLoad(
  copy: UnfinishedCopy,
  journal: readonly JournalProgress[],
  seconds: number | null,
  blockedBy: { side: SideName; pid: number }[],
): InitialLoad {
  const { holder, started_at, tables: planned, whole } = copy;
  const interrupted = holder === null;
  const overall = streamRatio(journal) ?? 1;
  const loads = journal.map((table) => tableLoad(table, overall, interrupted));
  const bytes_done = loads.reduce((sum, { load }) => sum + load.bytes_done, 0);
  const bytes_total = loads.reduce((sum, { load }) => sum + load.bytes_total, 0);
  const lately = loads.reduce((sum, one) => sum + one.lately, 0);
  const moves = !interrupted && whole < planned && seconds !== null && seconds > 0;
  const bytes_per_second = moves ? Math.round(lately / seconds) : null;
  return {
    copied_by: 'belt',
    phase: phaseOf(copy),
    started_at,
    snapshot_seconds: seconds,
    tables: loads.map(({ load }) => load),
    bytes_done: Math.round(bytes_done),
    bytes_total,
    bytes_per_second,
    seconds_left: secondsLeft(bytes_total - bytes_done, bytes_per_second),
    blocked_by: interrupted ? [] : blockedBy,
  };
}

function phaseOf({ holder, phase, tables, whole }: UnfinishedCopy): InitialLoad['phase'] {
  if (holder === null) return 'interrupted';
  if (phase === 'joining') return 'catch-up';
  if (tables === 0) return 'preparing';
  return whole === tables ? 'keys' : 'copying';
}

/** Bytes of COPY's stream for one on disk: known from what has arrived; null before anything has. */
export function streamRatio(tables: readonly JournalProgress[]): number | null {
  const streamed = tables.reduce((sum, table) => sum + table.streamed, 0);
  const stored = tables.reduce((sum, table) => sum + (table.bytes / table.chunks) * table.chunks_done, 0);
  return streamed > 0 && stored > 0 ? streamed / stored : null;
}

function tableLoad(
  table: JournalProgress,
  overall: number,
  interrupted: boolean,
): { load: TableLoad; /** Bytes since the open snapshot was taken. */ lately: number } {
  const { label: name, bytes, chunks, chunks_done: done, chunks_lately: recent, whole, running } = table;
  const piece = bytes / chunks;
  const ratio = streamRatio([table]) ?? overall;
  const inside = running.reduce((sum, streamed) => sum + Math.min(piece, streamed / ratio), 0);
  const lately = recent * piece + inside;
  if (whole) return { load: { name, state: 'done', bytes_done: bytes, bytes_total: bytes }, lately };
  // Of what is not whole nothing is kept.
  const copying = !interrupted && (done > 0 || running.length > 0);
  const arrived = copying ? Math.round(Math.min(bytes, done * piece + inside)) : 0;
  return { load: { name, state: copying ? 'copying' : 'waiting', bytes_done: arrived, bytes_total: bytes }, lately };
}

function readSource(src: Session): Promise<SourceLook> {
  return src.one<SourceLook>(
    `SELECT extract(epoch FROM clock_timestamp() - min(a.xact_start)
              FILTER (WHERE a.backend_xmin IS NOT NULL AND a.backend_type = 'client backend'))::float8 AS seconds,
            coalesce(array_agg(DISTINCT b.pid) FILTER (WHERE b.pid IS NOT NULL), ARRAY[]::int[]) AS blockers
       FROM pg_stat_activity a LEFT JOIN LATERAL (${BLOCKERS}) b ON true
      WHERE a.datname = current_database() AND a.application_name LIKE $1`,
    [COPY_SESSIONS],
  );
}

/** Who holds what a session waits for, but for others of the copy itself. */
const BLOCKERS = `SELECT blocker AS pid FROM unnest(CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) END) AS blocker
                   WHERE blocker NOT IN (SELECT pid FROM pg_stat_activity WHERE application_name = a.application_name)`;

async function readBlockers(dst: Session): Promise<number[]> {
  const rows = await dst.query<{ pid: number }>(
    `SELECT DISTINCT b.pid FROM pg_stat_activity a CROSS JOIN LATERAL (${BLOCKERS}) b
      WHERE a.datname = current_database() AND a.application_name LIKE $1 ORDER BY 1`,
    [COPY_SESSIONS],
  );
  return rows.map(({ pid }) => pid);
}

/** @param seconds how old the snapshot is that is open now; null where nobody asks for what came lately */
export async function readJournalProgress(
  dst: Session,
  schemas: Schemas,
  seconds: number | null,
): Promise<JournalProgress[]> {
  // Older servers do not tell how far a COPY is.
  const running =
    dst.major >= 14
      ? `SELECT c.relname, n.nspname, array_agg(p.bytes_processed::float8) AS bytes
           FROM pg_stat_progress_copy p JOIN pg_stat_activity a USING (pid)
           JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE p.datname = current_database() AND a.application_name LIKE $1 GROUP BY 1, 2`
      : `SELECT NULL::name AS relname, NULL::name AS nspname, NULL::float8[] AS bytes WHERE $1 IS NULL`;
  const rows = await dst.query<Omit<JournalProgress, 'label'>>(
    `WITH running AS (${running})
     SELECT t.schema_name AS schema, t.table_name AS name, t.bytes::float8 AS bytes, t.chunks, t.source_rows IS NOT NULL AS whole,
            count(c.chunk)::int AS chunks_done, coalesce(sum(c.bytes), 0)::float8 AS streamed,
            count(*) FILTER (WHERE c.finished_at > clock_timestamp() - make_interval(secs => $2))::int AS chunks_lately,
            coalesce(r.bytes, ARRAY[]::float8[]) AS running, coalesce(cardinality(r.bytes), 0) AS jobs
       FROM ${TABLES} t LEFT JOIN ${CHUNKS} c USING (schema_name, table_name)
       LEFT JOIN running r ON r.nspname = t.schema_name AND r.relname = t.table_name
      GROUP BY t.schema_name, t.table_name, r.bytes ORDER BY t.schema_name, t.table_name`,
    [COPY_SESSIONS, seconds],
  );
  return schemas.labelled(rows);
}
