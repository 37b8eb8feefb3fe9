import { ConnectionError, RefusedError, type SideName } from '../errors.js';
import type { Session } from '../postgres/session.js';
import { waitFor } from '../postgres/wait.js';
import { requireTwoDatabases } from './identity.js';
import type { Pair } from './pair.js';
import type { Side } from './side.js';

/** The key of belt's advisory lock; any fixed number, "belt" in ASCII here. */
const LOCK_KEY = 0x62656c74;

/** A belt that was killed leaves its lock within a second or two; so wait a little before refusing. */
const DEADLINE_MS = 8_000;

/**
 * Holds the databases against a second belt that changes things, as long as the root sessions live.
 * @param oneWillDo whether the command goes on with one side when the other does not answer
 * @throws RefusedError that says who is at work there
 */
export async function lockPair(pair: Pair, needs: 'src' | 'dst' | 'both', oneWillDo = false): Promise<void> {
  if (needs !== 'both') {
    await lockSide(pair, pair[needs]);
    return;
  }
  // Both connect at the same time.
  const answers = oneWillDo ? await answeringSides(pair) : undefined;
  if (answers === undefined) await pair.roots();
  // Always the source first, so that two belts cannot wait for each other.
  if (answers?.src !== false) await lockSide(pair, pair.src);
  if (answers?.dst === false) return;
  // A lock that the source's session has just taken is no other belt's.
  if (answers?.src !== false && !(await tryLock(pair.dst))) await requireTwoDatabases(pair);
  await lockSide(pair, pair.dst);
}

/**
 * Which of the two servers can be worked on.
 * @throws ConnectionError when neither can
 */
export async function answeringSides(pair: Pair): Promise<Record<SideName, boolean>> {
  const [src, dst] = await Promise.allSettled([pair.src.root(), pair.dst.root()]);
  for (const one of [src, dst]) {
    if (one.status === 'rejected' && !(one.reason instanceof ConnectionError)) throw one.reason;
  }
  if (src.status === 'rejected' && dst.status === 'rejected') throw src.reason;
  return { src: src.status === 'fulfilled', dst: dst.status === 'fulfilled' };
}

async function tryLock(side: Side): Promise<boolean> {
  const session = await side.root();
  const { ok } = await session.one<{ ok: boolean }>('SELECT pg_try_advisory_lock($1) AS ok', [LOCK_KEY]);
  return ok;
}

/** The belt that holds a database, as its server knows it. */
export interface LockHolder {
  /** Its command, and the process and the machine where it runs: `belt setup (pid 4711 on laptop)`. */
  readonly application_name: string;
  readonly since: string;
  readonly address: string;
  /** The server's process, which can be ended from everywhere. */
  readonly backend: number;
}

/** @returns who holds the database of the session, or null */
export async function readLockHolder(session: Session): Promise<LockHolder | null> {
  const [holder] = await session.query<LockHolder>(
    `SELECT a.application_name, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since,
            coalesce(host(a.client_addr), 'a local socket') AS address, a.pid AS backend
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $1 AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [LOCK_KEY],
  );
  return holder ?? null;
}

/** What the sessions of a belt that copies are called begins with this. */
export const SETUP_SESSIONS = 'belt setup (';

async function lockSide(pair: Pair, side: Side): Promise<void> {
  const session = await side.root();
  const locked = await waitFor(async () => ((await tryLock(side)) ? true : undefined), {
    deadline: DEADLINE_MS,
    interval: 300,
    signal: pair.environment.signal,
  });
  if (locked === true) return;
  const holder = await readLockHolder(session);
  throw new RefusedError(
    `another belt is at work on the ${side.toString()}` +
      (holder === null ? '' : `: "${holder.application_name}" from ${holder.address}, since ${holder.since}`),
    {
      hint:
        holder?.application_name.startsWith(SETUP_SESSIONS) === true
          ? `Look on with "belt setup ${pair.config.dc} ${pair.db} --attach", or end it with "--cancel" in its place.`
          : 'Wait until it has ended, then run the same command again.',
      detail: { side: side.name, holder },
    },
  );
}
