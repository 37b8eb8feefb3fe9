import { BeltError, CheckFailedError, DeadlineError, InterruptedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Role, Side } from '../../pair/side.js';
import { connectThroughDblink } from '../../postgres/dblink.js';
import { reachPort } from '../../postgres/reach.js';
import type { Session } from '../../postgres/session.js';
import { within } from '../../postgres/wait.js';
import { CHECKS, type Check, type CheckConnectivityFields } from '../../results/check-connectivity.js';
import type { Outcome } from '../define.js';

const TCP_MS = 3_000;
const QUERY_MS = 10_000;
/** A little longer than the connection string's own connect_timeout, so that the server can say why. */
const DBLINK_MS = 12_000;
const RETRY_MS = 4_000;

/** A server that belt has logged in to as root. */
interface Reached {
  readonly session: Session;
  /** Whether the role of replication is there already and may log in. */
  readonly pglogicalLogin: boolean;
}

/** Tries every way that a migration takes, all at once, and tells of each that fails why. */
export async function run(pair: Pair): Promise<Outcome<CheckConnectivityFields>> {
  const { src, dst } = pair;
  const { signal } = pair.environment;
  const roots = { src: askRoot(src), dst: askRoot(dst) };
  const checks: Record<Check, Promise<unknown>> = {
    src_tcp: reachPort(src.address('root'), TCP_MS, signal),
    src_query: roots.src,
    src_owner_query: askOwner(src),
    src_to_dst_dblink: askThroughDblink(src, roots.src, dst, roots.dst),
    dst_tcp: reachPort(dst.address('root'), TCP_MS, signal),
    dst_query: roots.dst,
    dst_owner_query: askOwner(dst),
    dst_to_src_dblink: askThroughDblink(dst, roots.dst, src, roots.src),
  };
  const settled = await Promise.allSettled(CHECKS.map((check) => checks[check]));
  await Promise.all([close(roots.src), close(roots.dst)]);
  const failures = new Map<Check, BeltError>();
  for (const [index, check] of CHECKS.entries()) {
    const one = settled[index];
    if (one?.status !== 'rejected') continue;
    if (!(one.reason instanceof BeltError) || one.reason instanceof InterruptedError) throw one.reason;
    failures.set(check, one.reason);
  }
  return outcome(failures);
}

function outcome(failures: ReadonlyMap<Check, BeltError>): Outcome<CheckConnectivityFields> {
  const ok = Object.fromEntries(CHECKS.map((check) => [check, !failures.has(check)])) as Record<Check, boolean>;
  const failed = [...failures.keys()];
  const reasons = Object.fromEntries([...failures].map(([check, { message }]) => [check, message]));
  const fields = { ...ok, all_ok: failed.length === 0, failed_checks: failed, reasons };
  if (failed.length === 0) return { fields };
  const hints = new Set([...failures.values()].flatMap(({ hint }) => (hint === undefined ? [] : [hint])));
  const head = `${String(failed.length)} of ${String(CHECKS.length)} checks failed`;
  return {
    fields,
    error: new CheckFailedError([head, ...failed.map((check) => `${check}: ${reasons[check] ?? ''}`)].join('\n'), {
      hint: [...hints].join('\n'),
      detail: { failed_checks: failed },
    }),
  };
}

async function askRoot(side: Side): Promise<Reached> {
  return ask(side, 'root', async (session) => {
    const { pglogical } = await session.one<{ pglogical: boolean }>(
      'SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND rolcanlogin) AS pglogical',
      [side.config.pglogical_user.name],
    );
    return { session, pglogicalLogin: pglogical };
  });
}

async function askOwner(side: Side): Promise<void> {
  const session = await ask(side, 'owner', async (opened) => {
    await opened.query('SELECT 1');
    return opened;
  });
  await session.close();
}

/** Logs in on a connection of its own, since what others do on the pair's must not delay the answer. */
async function ask<T>(side: Side, role: Role, question: (session: Session) => Promise<T>): Promise<T> {
  const opening = side.open(role, { statementTimeout: DBLINK_MS });
  try {
    return await within(QUERY_MS, opening.then(question), () => tooLate(side, QUERY_MS));
  } catch (error) {
    // Not waited for: whatever was too slow may be so once more.
    void opening.then((session) => session.close()).catch(() => undefined);
    throw error;
  }
}

/**
 * Lets one server connect to the other, where pglogical will. Its role comes with setup only, so the owner stands in for
 * it; where the server lets only pglogical's role in from there, and the role is there already, it tries itself.
 */
async function askThroughDblink(from: Side, root: Promise<Reached>, to: Side, toRoot: Promise<Reached>): Promise<void> {
  const { session } = await root.catch((error: unknown) => {
    throw notAsked(from, to, error);
  });
  const attempt = (role: Role, milliseconds: number): Promise<void> =>
    within(
      milliseconds,
      connectThroughDblink(session, {
        ...to.peer,
        conninfo: to.peerConninfo(role),
        description: `the ${to.toString()} at ${to.peer.host}:${String(to.peer.port)} as user "${to.address(role).user}"`,
        side: to.name,
      }),
      () => tooLate(from, milliseconds),
    );
  try {
    await attempt('owner', DBLINK_MS);
  } catch (error) {
    const itself = await toRoot.then(
      ({ pglogicalLogin }) => pglogicalLogin,
      () => false,
    );
    if (!itself) throw error;
    // Its reason would be the same, or that setup has not been here yet.
    await attempt('pglogical', RETRY_MS).catch(() => Promise.reject(error as Error));
  }
}

function notAsked(from: Side, to: Side, error: unknown): unknown {
  if (!(error instanceof BeltError) || error instanceof InterruptedError) return error;
  return new BeltError(
    `not tried, since belt cannot ask the ${from.word} server whether it reaches the ${to.word} server`,
    { detail: { side: from.name } },
  );
}

function tooLate(side: Side, milliseconds: number): DeadlineError {
  return new DeadlineError(`the ${side.toString()} gave no answer in ${String(milliseconds / 1000)} seconds`, {
    hint: 'Check the network, the VPN and the firewalls (security groups).',
    detail: { side: side.name },
  });
}

async function close(root: Promise<Reached>): Promise<void> {
  await root.then(
    ({ session }) => session.close(),
    () => undefined,
  );
}
