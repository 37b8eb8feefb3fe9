import type { Session } from '../postgres/session.js';
import { waitFor } from '../postgres/wait.js';

/**
 * Who copies, what it is told meanwhile, and how it ended: a row beside the journal on the destination, which the belt at
 * work reads every second, and any other belt writes, from whatever machine.
 */

/** The run that copies, or that has copied last. */
export interface CopyControl {
  readonly host: string;
  readonly pid: number;
  /** The file that a run in the background writes to, on that host; null for one in the foreground. */
  readonly log: string | null;
  /** ISO 8601 */
  readonly started_at: string;
  /** How many pieces are wanted to be copied at once. */
  readonly jobs: number;
  /** The most bytes per second that are wanted; null for no limit. */
  readonly max_rate: number | null;
  /** Who has asked it to end; null as long as nobody has. */
  readonly cancelled_by: string | null;
  /** ISO 8601; null while it is at work, and for ever when it was killed. */
  readonly ended_at: string | null;
  /** Why it did not come to its end; null when it did. */
  readonly error_type: string | null;
  readonly error: string | null;
  readonly hint: string | null;
}

export const CONTROL = '"belt"."copy_control"';

/** Notes that this run copies from now on. */
export async function beginControl(
  session: Session,
  run: Pick<CopyControl, 'host' | 'pid' | 'log' | 'jobs' | 'max_rate'>,
): Promise<void> {
  await session.query(
    `CREATE SCHEMA IF NOT EXISTS "belt";
     CREATE TABLE IF NOT EXISTS ${CONTROL} (
       one bool PRIMARY KEY DEFAULT true CHECK (one), host text NOT NULL, pid int NOT NULL, log text,
       started_at timestamptz NOT NULL DEFAULT now(), jobs int NOT NULL, max_rate int8, cancelled_by text,
       ended_at timestamptz, error_type text, error text, hint text)`,
  );
  await session.query(`DELETE FROM ${CONTROL}`);
  await session.query(`INSERT INTO ${CONTROL} (host, pid, log, jobs, max_rate) VALUES ($1, $2, $3, $4, $5)`, [
    run.host,
    run.pid,
    run.log,
    run.jobs,
    run.max_rate,
  ]);
}

/** @returns the run that copies, or copied last; null when none ever did */
export async function readControl(session: Session): Promise<CopyControl | null> {
  const { there } = await session.one<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [CONTROL]);
  if (!there) return null;
  const iso = (column: string): string => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS ${column}`;
  const [run] = await session.query<CopyControl>(
    `SELECT host, pid, log, ${iso('started_at')}, jobs, max_rate::float8, cancelled_by, ${iso('ended_at')},
            error_type, error, hint FROM ${CONTROL}`,
  );
  return run ?? null;
}

/** The run that copies, once it takes orders; undefined after that many milliseconds. */
export async function waitForControl(
  session: Session,
  deadline: number,
  signal: AbortSignal,
): Promise<CopyControl | undefined> {
  const look = async (): Promise<CopyControl | undefined> => {
    const run = await readControl(session);
    return run?.ended_at === null ? run : undefined;
  };
  return waitFor(look, { deadline, signal });
}

/** What the run is to do differently from now on; what is left out stays. */
export async function changeControl(
  session: Session,
  { jobs, maxRate }: { readonly jobs?: number | undefined; readonly maxRate?: number | undefined },
): Promise<void> {
  if (jobs !== undefined) await session.query(`UPDATE ${CONTROL} SET jobs = $1`, [jobs]);
  if (maxRate !== undefined)
    await session.query(`UPDATE ${CONTROL} SET max_rate = $1`, [maxRate === Infinity ? null : maxRate]);
}

/** Asks the run to end. @param by who asks */
export async function askToEnd(session: Session, by: string): Promise<void> {
  await session.query(`UPDATE ${CONTROL} SET cancelled_by = coalesce(cancelled_by, $1) WHERE ended_at IS NULL`, [by]);
}

/** Notes how the run ended. */
export async function endControl(
  session: Session,
  { host, pid }: Pick<CopyControl, 'host' | 'pid'>,
  error: Pick<CopyControl, 'error_type' | 'error' | 'hint'> | null,
): Promise<void> {
  await session.query(
    `UPDATE ${CONTROL} SET ended_at = clock_timestamp(), error_type = $3, error = $4, hint = $5 WHERE host = $1 AND pid = $2`,
    [host, pid, error?.error_type ?? null, error?.error ?? null, error?.hint ?? null],
  );
}
