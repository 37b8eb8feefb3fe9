import pg from 'pg';
import { BeltError, ConnectionError, QueryError, type SideName } from '../errors.js';
import type { Address } from './session.js';
import { SQLSTATE } from './sqlstate.js';

/** SQLSTATEs with which the server ends a session: shutdown, crash, database dropped, idle for too long. */
const CLASS_SHUTDOWN = '57P';

/** What a person calls a side. */
export function sideWord(side: SideName): 'source' | 'destination' {
  return side === 'src' ? 'source' : 'destination';
}

/** What messages call a database of a side: `source database "shop"`. */
export function describeAddress(address: Pick<Address, 'side' | 'database'>): string {
  return `${sideWord(address.side)} database "${address.database}"`;
}

/** Turns what the driver threw while connecting into a ConnectionError that says why and what to do. */
export function connectionError(error: unknown, address: Address): BeltError {
  const { user } = address;
  return notConnected(error, address, `the ${describeAddress(address)}`, { user });
}

/** The same for what a bare TCP connection met, before anybody logs in. */
export function reachError(error: unknown, address: Address): BeltError {
  return notConnected(error, address, `the ${sideWord(address.side)} server`);
}

/** Whether it says that a server could not be reached; else the server itself has refused, since it is full for instance. */
export function isOutOfReach(error: unknown): boolean {
  return error instanceof ConnectionError && !(error.cause instanceof pg.DatabaseError);
}

function notConnected(error: unknown, address: Address, what: string, as?: { user: string }): BeltError {
  if (error instanceof BeltError) return error;
  const code = errorCode(error);
  const where = `${address.host}${address.hostaddr === undefined ? '' : ` (${address.hostaddr})`}:${String(address.port)}`;
  const reason = CONNECT_REASONS[code]?.(address) ?? { why: messageOf(error), hint: undefined };
  const who = as === undefined ? '' : ` as user "${as.user}"`;
  return new ConnectionError(`cannot connect to ${what} at ${where}${who}: ${reason.why}`, {
    hint: reason.hint,
    detail: {
      side: address.side,
      host: address.host,
      port: address.port,
      database: address.database,
      ...as,
      code: code || null,
    },
    cause: error,
  });
}

interface Reason {
  why: string;
  hint: string | undefined;
}

const CONNECT_REASONS: Readonly<Record<string, (address: Address) => Reason>> = {
  ECONNREFUSED: ({ side }) => ({
    why: 'the port is closed (connection refused)',
    hint: `Check "${side}.host" and "${side}.port" in the config, and that the server runs and listens there.`,
  }),
  ENOTFOUND: ({ side }) => ({ why: 'the host name is unknown', hint: `Check "${side}.host" in the config.` }),
  EAI_AGAIN: ({ side }) => ({
    why: 'the host name could not be looked up (the name service did not answer)',
    hint: `Check "${side}.host" in the config, and the network.`,
  }),
  EHOSTUNREACH: () => ({ why: 'there is no route to the host', hint: 'Check the network, the VPN and the firewalls.' }),
  ENETUNREACH: () => ({ why: 'the network cannot be reached', hint: 'Check the network, the VPN and the firewalls.' }),
  ETIMEDOUT: () => ({
    why: 'no answer in time',
    hint: 'Check the network, the VPN and the firewalls (security groups).',
  }),
  [SQLSTATE.invalidPassword]: ({ side, user }) => ({
    why: 'the password is wrong, or the user does not exist',
    hint: `Check the password of "${user}" under "${side}" in the config.`,
  }),
  [SQLSTATE.invalidAuthorization]: ({ side, user }) => ({
    why: 'the server does not let this user in',
    hint: `Check that role "${user}" may log in on the ${sideWord(side)} (LOGIN), and its line in pg_hba.conf.`,
  }),
  [SQLSTATE.unknownDatabase]: ({ side, database }) => ({
    why: `database "${database}" does not exist`,
    hint: `Check "${side}.db" in the config, or create the database.`,
  }),
  [SQLSTATE.tooManyConnections]: () => ({
    why: 'the server has no connection left',
    hint: 'Raise max_connections, or close idle sessions.',
  }),
  [SQLSTATE.cannotConnectNow]: () => ({
    why: 'the server is starting up or shutting down',
    hint: 'Try again in a moment.',
  }),
};

/** Turns what the driver threw while a statement ran into a QueryError with side, SQLSTATE and object. */
export function queryError(error: unknown, address: Address): BeltError {
  if (error instanceof BeltError) return error;
  const where = describeAddress(address);
  if (!(error instanceof pg.DatabaseError) || error.code?.startsWith(CLASS_SHUTDOWN) === true) {
    return new ConnectionError(`the connection to the ${where} was lost: ${messageOf(error)}`, {
      hint: 'Check that the server runs, then run the same command again: it goes on where it stopped.',
      detail: { side: address.side, database: address.database, code: errorCode(error) || null },
      cause: error,
    });
  }
  const object = [error.schema, error.table, error.constraint ?? error.column].filter((part) => part !== undefined);
  const lines = [error.message, error.detail, error.where].filter((part) => part !== undefined && part !== '');
  return new QueryError(`${where}: ${lines.join('; ')}`, {
    hint: error.hint,
    detail: {
      side: address.side,
      database: address.database,
      sqlstate: error.code ?? null,
      ...(object.length === 0 ? {} : { object: object.join('.') }),
    },
    cause: error,
  });
}

/** What a server said of a statement, without the values of rows that its detail may quote. */
export interface ServerWords {
  readonly sqlstate: string;
  readonly message: string;
  readonly constraint: string | undefined;
  readonly column: string | undefined;
}

/** @returns the server's own words behind a QueryError, or undefined when no server said it */
export function serverWords(error: unknown): ServerWords | undefined {
  if (!(error instanceof QueryError) || !(error.cause instanceof pg.DatabaseError)) return undefined;
  const { code = '', message, constraint, column } = error.cause;
  return { sqlstate: code, message, constraint, column };
}

/** The SQLSTATE or the operating system's code of an error, or an empty string. */
function errorCode(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  // The driver's own time-out carries no code.
  return error instanceof Error && /timeout/i.test(error.message) ? 'ETIMEDOUT' : '';
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
