import { BeltError, ConnectionError, QueryError, type SideName } from '../errors.js';
import { availableExtensions, extensionsOf } from './catalog/extensions.js';
import { sideWord } from './failures.js';
import { ident, qualified } from './quote.js';
import type { Session } from './session.js';
import { SQLSTATE } from './sqlstate.js';

/** Where a server is asked to connect to. */
export interface DblinkTarget {
  /** The connection string, with the password. */
  readonly conninfo: string;
  /** How messages tell of the target: `the destination database "shop" at db2:5432 as user "owner"`. */
  readonly description: string;
  readonly side: SideName;
  readonly host: string;
  readonly port: number;
}

/** Made and undone in one transaction, so no other session ever sees it. */
const SCRATCH_SCHEMA = 'belt_dblink';

/**
 * Lets the server behind the session connect to the target and run SELECT 1 there. All of it happens in a transaction
 * that is rolled back: where the extension dblink is not in the database it is made for just that long, which takes
 * root's rights. The connection string travels as a parameter, and the server is told not to log those.
 * @param session as root; nothing else may run on it meanwhile
 * @throws ConnectionError with what the server says about why not; BeltError when the server has no dblink;
 *   QueryError when root may not make the extension
 */
export async function connectThroughDblink(session: Session, target: DblinkTarget): Promise<void> {
  try {
    await session.query('BEGIN');
    await hideParameters(session);
    const dblink = qualified(await dblinkSchema(session, target), 'dblink');
    await session.query(`SELECT one FROM ${dblink}($1, 'SELECT 1') AS t (one int)`, [target.conninfo]);
  } catch (error) {
    throw error instanceof QueryError && error.sqlstate === SQLSTATE.cannotEstablishConnection
      ? unreachable(session, target, error)
      : error;
  } finally {
    await session.endTransaction().catch(() => undefined);
  }
}

/** For this transaction: whatever statements are logged, their parameters are not. */
async function hideParameters(session: Session): Promise<void> {
  await session.query(
    `SELECT set_config(s.name, v.value, true)
       FROM (VALUES ('log_parameter_max_length', '0'), ('log_parameter_max_length_on_error', '0'),
                    -- What there is before PostgreSQL 13.
                    ('log_statement', 'none'), ('log_min_duration_statement', '-1')) AS v (name, value)
       JOIN pg_settings s USING (name)
      WHERE s.context = 'user' OR current_setting('is_superuser') = 'on'`,
  );
}

/** The schema in which the extension is; made here, for as long as the transaction lasts, where there is none. */
async function dblinkSchema(session: Session, target: DblinkTarget): Promise<string> {
  const installed = (await extensionsOf(session)).find(({ name }) => name === 'dblink');
  if (installed !== undefined) return installed.schema;
  if (!(await availableExtensions(session)).has('dblink')) throw notAvailable(session, target);
  await session.query(
    `CREATE SCHEMA ${ident(SCRATCH_SCHEMA)}; CREATE EXTENSION dblink SCHEMA ${ident(SCRATCH_SCHEMA)}`,
  );
  return SCRATCH_SCHEMA;
}

function notAvailable(session: Session, { description, host, port }: DblinkTarget): BeltError {
  const asking = serverOf(session);
  return new BeltError(`${asking} has no extension dblink, so it cannot be asked to connect to ${description}`, {
    hint:
      `Install the package postgresql-contrib on ${asking}; or try by hand on that machine: ` +
      `pg_isready -h ${host} -p ${String(port)}.`,
    detail: { side: session.address.side, object: 'dblink' },
  });
}

function unreachable(session: Session, target: DblinkTarget, error: QueryError): ConnectionError {
  const asking = serverOf(session);
  // What libpq says on that server, in that server's language.
  const { detail } = error.cause as { detail?: unknown };
  const why = typeof detail === 'string' ? detail.trim().replaceAll(/\s*\n\s*/g, ' ') : error.message;
  return new ConnectionError(`${asking} cannot connect to ${target.description}: ${why}`, {
    hint:
      `Check that ${asking} reaches ${target.host}:${String(target.port)} and is let in there (name service, firewalls, ` +
      `security groups, pg_hba.conf). Where that is not the address for it, set "${target.side}.peer_host" and ` +
      `"${target.side}.peer_port" in the config.`,
    detail: { side: session.address.side, host: target.host, port: target.port, sqlstate: error.sqlstate },
    cause: error,
  });
}

function serverOf({ address }: Session): string {
  return `the ${sideWord(address.side)} server`;
}
