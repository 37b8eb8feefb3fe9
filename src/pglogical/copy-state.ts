import { readLockHolder, type LockHolder } from '../pair/lock.js';
import type { Session } from '../postgres/session.js';
import { JOURNAL, journalThere, TABLES, type CopyPhase } from './copy-journal.js';

/** How the sessions of a belt that copies are called, on both servers; LIKE. */
export const COPY_SESSIONS = 'belt setup (%';

/** What the journal says of belt's own copy. */
export interface OwnCopy {
  readonly phase: CopyPhase;
  /** The tables that were planned, and how many of them are whole: all rows there, and as many as in the snapshot. */
  readonly tables: number;
  readonly whole: number;
  /** ISO 8601 */
  readonly started_at: string;
}

/** A copy of belt's that is not handed over to pglogical yet. Its subscription sleeps, and only setup may wake it. */
export interface UnfinishedCopy extends OwnCopy {
  /** The belt that is at it; null when nobody is: it was killed, or has lost its connections. */
  readonly holder: LockHolder | null;
}

/** @returns null when the destination has no journal of a copy */
export async function readOwnCopy(destination: Session): Promise<OwnCopy | null> {
  if (!(await journalThere(destination))) return null;
  const [copy] = await destination.query<OwnCopy>(
    `SELECT phase, to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at, tables, whole
       FROM ${JOURNAL} CROSS JOIN (SELECT count(*)::int AS tables, count(source_rows)::int AS whole FROM ${TABLES}) t`,
  );
  return copy ?? null;
}

/** @returns the copy if it is not over, with who is at it */
export async function unfinished(
  copy: OwnCopy | null,
  { source, destination }: { readonly source: Session; readonly destination: Session },
): Promise<UnfinishedCopy | null> {
  if (copy === null || copy.phase === 'done') return null;
  // Either side will do: while one connection is made anew, the other one's lock is held.
  const holders = await Promise.all([readLockHolder(destination), readLockHolder(source)]);
  const holder = holders.find((one) => one?.application_name.startsWith(COPY_SESSIONS.replace('%', '')) === true);
  return { ...copy, holder: holder ?? null };
}

/** How far a copy has come that nobody goes on with: `after 3 of 8 tables`. */
export function whereInterrupted({ tables, whole }: OwnCopy): string {
  if (whole === 0) return 'before the first table was whole';
  return whole === tables
    ? `after all ${String(tables)} tables, before replication took over`
    : `after ${String(whole)} of ${String(tables)} tables`;
}
