import { QueryError } from '../../errors.js';
import type { Side } from '../../pair/side.js';
import { parseConninfo } from '../../postgres/conninfo.js';
import type { Session } from '../../postgres/session.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import { keepOutOfLog } from './quiet.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { finding, type Facts } from './facts.js';

const TRY_TIMEOUT_MS = 12_000;

/** How a server's attempt to reach the other ended. */
type Attempt =
  { readonly tried: true; readonly error: string | null } | { readonly tried: false; readonly why: string };

/**
 * Lets a server connect to another as its apply worker does: in replication mode, by the connection string given. The
 * server's own CREATE SUBSCRIPTION does it, and needs no extension; it is undone before it is committed. The string holds a
 * password, so it travels as a parameter, and all that could write the inner statement into the server's log is off;
 * where root may not turn it off, nothing is tried.
 */
async function tryConnection(side: Side, dsn: string): Promise<Attempt> {
  const work = ([session]: readonly Session[]): Promise<string> =>
    session === undefined ? Promise.resolve('') : session.transaction(() => attempt(session, dsn));
  try {
    const answer = await side.withSessions(1, 'root', work, { statementTimeout: TRY_TIMEOUT_MS });
    return { tried: true, error: answer === '' ? null : answer };
  } catch (error) {
    if (error instanceof QueryError && error.sqlstate === SQLSTATE.insufficientPrivilege) {
      return { tried: false, why: error.message };
    }
    throw error;
  }
}

async function attempt(session: Session, dsn: string): Promise<string> {
  await keepOutOfLog(session);
  await session.query("SELECT set_config('belt.conninfo', $1, true)", [dsn]);
  await session.query(TRY);
  return (await session.one<{ answer: string }>("SELECT current_setting('belt.answer') AS answer")).answer;
}

/** The exception of belt's own ends the inner block, and with it undoes the subscription. */
const TRY = `
DO $belt$
DECLARE
  answer text := '';
BEGIN
  BEGIN
    EXECUTE format('CREATE SUBSCRIPTION belt_doctor CONNECTION %L PUBLICATION belt_doctor
                      WITH (connect = true, enabled = false, create_slot = false, slot_name = NONE, copy_data = false)',
                   current_setting('belt.conninfo'));
    RAISE EXCEPTION USING ERRCODE = 'BELT0';
  EXCEPTION
    WHEN SQLSTATE 'BELT0' THEN NULL;
    WHEN query_canceled THEN answer := 'no answer in time';
    WHEN OTHERS THEN answer := SQLERRM;
  END;
  PERFORM set_config('belt.answer', answer, true);
END
$belt$`;

/** The subscription's connection string, with the password. */
export async function subscriptionDsn(subscriber: Session, subscription: string): Promise<string | null> {
  const [row] = await subscriber.query<{ dsn: string }>(
    `SELECT i.if_dsn AS dsn FROM pglogical.subscription s JOIN pglogical.node_interface i ON i.if_id = s.sub_origin_if
      WHERE s.sub_name = $1`,
    [subscription],
  );
  return row?.dsn ?? null;
}

/** What a person knows the keywords as. A password is never shown. */
const COMPARED = ['host', 'hostaddr', 'port', 'dbname', 'user', 'password'] as const;

/** How a connection string differs from the config's, in words without secrets; null when it does not. */
export function dsnDifference(stored: string, wanted: string): string | null {
  const [has, should] = [parseConninfo(stored), parseConninfo(wanted)];
  if (has === null || should === null)
    return stored === wanted ? null : 'its connection string is not of the usual form';
  const differ = COMPARED.filter((key) => has[key] !== should[key]);
  if (differ.length === 0) return null;
  return differ
    .map((key) =>
      key === 'password' ? 'another password' : `${key} ${has[key] ?? '(none)'} instead of ${should[key] ?? '(none)'}`,
    )
    .join(', ');
}

/** Whether the subscriber reaches the provider, by the settings it has and by the config's. */
export async function connectionFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, subscriber } = facts;
  const { provider: to, subscriber: from, subscription: name } = direction;
  const stored = await subscriptionDsn(subscriber, name);
  if (stored === null) return [];
  const wanted = to.peerConninfo();
  const difference = dsnDifference(stored, wanted);
  const at = { side: from.name, object: `subscription ${name}` };
  const tried = await tryConnection(from, stored);
  if (!tried.tried) {
    return [
      finding(facts, {
        ...at,
        code: 'connection-not-tried',
        severity: 'note',
        problem: `whether the ${from.word} server reaches the ${to.word} server could not be tried: ${tried.why}`,
        remedy: 'Try it by hand from that server, with psql.',
      }),
    ];
  }
  if (tried.error === null) {
    if (difference === null) return [];
    return [
      finding(facts, {
        ...at,
        code: 'dsn-differs',
        severity: 'note',
        problem: `subscription ${name} connects to the ${to.word} server by other settings than the config's (${difference}), and that works`,
        remedy: `See that "${to.name}" in the config says what you mean.`,
      }),
    ];
  }
  if (difference !== null) {
    const byConfig = await tryConnection(from, wanted);
    if (byConfig.tried && byConfig.error === null) {
      return [
        finding(facts, {
          ...at,
          code: 'dsn-outdated',
          severity: 'fail',
          problem: `subscription ${name} connects to the ${to.word} server by settings that are not the config's any more (${difference}): ${tried.error}`,
          remedy: "Run belt doctor --fix: it gives the subscription the config's settings, which work.",
          fixable: true,
        }),
      ];
    }
  }
  return [
    finding(facts, {
      ...at,
      code: 'connection-failed',
      severity: 'fail',
      problem: `the ${from.word} server cannot connect to the ${to.word} server${difference === null ? '' : ` (${difference}; nor by the config's settings)`}: ${tried.error}`,
      remedy:
        `Check that the ${to.word} server runs, what stands in its pg_hba.conf for the ${from.word} server, the firewalls ` +
        `between the two, and "${to.name}.host", "peer_host" and "pglogical_user" in the config.`,
    }),
  ];
}
