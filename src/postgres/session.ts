import type { Socket } from 'node:net';
import type pg from 'pg';
import { InterruptedError, QueryError, type SideName } from '../errors.js';
import { connectionError, queryError } from './failures.js';
import { watched, type Watchable } from './silence.js';
import { connectTls, type Ssl } from './tls.js';

/** Where and as whom to connect. */
export interface Address {
  readonly side: SideName;
  /** What the person knows the server by; used for TLS and in messages. */
  readonly host: string;
  /** The IP address to connect to instead of asking the name service, as libpq's `hostaddr`. */
  readonly hostaddr?: string | undefined;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly ssl: Ssl;
}

export interface TimeLimits {
  /** Milliseconds until a statement is given up; 0 for never. */
  readonly statementTimeout?: number;
  /** Milliseconds to wait for a lock; 0 for ever. */
  readonly lockTimeout?: number;
}

export interface SessionOptions extends TimeLimits {
  /** Shown in pg_stat_activity, so that others see who is at work. */
  readonly applicationName: string;
  /** When it aborts, running statements fail with InterruptedError. */
  readonly signal?: AbortSignal | undefined;
  /** Whether values are written and read as the database's and the role's own settings say, as for an application. */
  readonly ownFormats?: boolean;
}

export type Parameter = string | number | boolean | bigint | null | Date | readonly Parameter[];

const CONNECT_TIMEOUT_MS = 8_000;
const DEFAULT_STATEMENT_TIMEOUT_MS = 60_000;

/** How much longer than the server belt waits itself: a network that is gone brings no error, only silence. */
const GRACE_MS = 15_000;
const KEEPALIVE_MS = 10_000;
const GOODBYE_MS = 3_000;
/** Whoever asks how another connection fares wants to know it now. */
const LOOK_LIMIT_MS = 10_000;
const DEFAULT_LOCK_TIMEOUT_MS = 5_000;

/**
 * Settings that make the text of every value the same on every server, and names in definitions always qualified.
 * Both sides of a comparison must have them.
 */
const CANONICAL_SETTINGS: Readonly<Record<string, string>> = {
  search_path: 'pg_catalog',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
  xmloption: 'content',
  row_security: 'off',
  // belt's statements name many tables and read few rows: compiling them takes longer than running them.
  jit: 'off',
  default_transaction_read_only: 'off',
  idle_in_transaction_session_timeout: '0',
  // Where the network has vanished without a word, the server frees what belt has locked within a minute.
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
};

/** Those of them that change what a query of somebody else's gives. */
const FORMATS = [
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'extra_float_digits',
  'bytea_output',
  'lc_monetary',
  'xmloption',
  'row_security',
];

const VERSION = `current_setting('server_version_num')::int`;

/**
 * What only newer servers know. One that watches its clients ends a statement soon after belt was killed, and frees what
 * it locked; limits for whole sessions and transactions, which belt's long ones would meet, are taken away.
 */
export const NEWER_SETTINGS = `
  CASE WHEN ${VERSION} >= 140000 AND version() LIKE '%linux%'
       THEN set_config('client_connection_check_interval', '1000', false) END,
  CASE WHEN ${VERSION} >= 140000 THEN set_config('idle_session_timeout', '0', false) END,
  CASE WHEN ${VERSION} >= 170000 THEN set_config('transaction_timeout', '0', false) END`;

/**
 * One connection to one server, with canonical settings and time limits. Values of type int8 and numeric come back as
 * strings, since they may not fit a JavaScript number.
 */
export class Session implements Watchable {
  /** Why the connection was lost while no statement ran. */
  #lost: Error | undefined;
  /** Settles when the statement that was asked for last has ended, well or not. */
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly address: Address,
    /** The underlying client, for COPY streams only. */
    readonly client: pg.Client,
    /** For instance 150020 for PostgreSQL 15.20. */
    readonly serverVersion: number,
    /** The server process that serves it. */
    readonly pid: number,
    private readonly options: SessionOptions,
    /** The statement time-out in force, in milliseconds; 0 for none. */
    private statementTimeout: number,
  ) {}

  /**
   * Connects.
   * @throws ConnectionError with the reason and what to do, when there is no answer for 8 seconds; InterruptedError when
   *   the signal has aborted by the time it is connected
   */
  static async connect(address: Address, options: SessionOptions): Promise<Session> {
    throwIfAborted(options.signal);
    const limit = options.statementTimeout ?? DEFAULT_STATEMENT_TIMEOUT_MS;
    const settings = {
      ...CANONICAL_SETTINGS,
      statement_timeout: String(limit),
      lock_timeout: String(options.lockTimeout ?? DEFAULT_LOCK_TIMEOUT_MS),
    };
    const base: pg.ClientConfig = {
      host: address.hostaddr ?? address.host,
      port: address.port,
      database: address.database,
      user: address.user,
      password: address.password,
      application_name: options.applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_MS,
      options: Object.entries(settings)
        .filter(([name]) => options.ownFormats !== true || !FORMATS.includes(name))
        .map(([name, value]) => `-c ${name}=${value.replaceAll('\\', '\\\\').replaceAll(' ', '\\ ')}`)
        .join(' '),
    };
    let client: pg.Client | undefined;
    let server: { version: number; pid: number };
    try {
      client = await connectTls(base, address.ssl, address.host);
      server = await prepareSession(client);
    } catch (error) {
      // It would keep the process alive. Not waited for: a server that has fallen silent does not say goodbye either.
      void client?.end().catch(() => undefined);
      throw connectionError(error, address);
    }
    const session = new Session(address, client, server.version, server.pid, options, limit);
    // A lost connection surfaces in the next statement; without a listener it would end the process.
    client.on('error', (error) => (session.#lost ??= error));
    options.signal?.addEventListener('abort', session.cut, { once: true });
    if (options.signal?.aborted === true) {
      // Too late to be told.
      session.cut();
      throwIfAborted(options.signal);
    }
    return session;
  }

  /**
   * Makes a session that has served as good as new: no transaction, the settings of connect(), these time limits.
   * @throws ConnectionError when it is not fit for that; it must be closed then
   */
  async renew({
    statementTimeout = DEFAULT_STATEMENT_TIMEOUT_MS,
    lockTimeout = DEFAULT_LOCK_TIMEOUT_MS,
  }: TimeLimits): Promise<void> {
    await this.endTransaction();
    await this.query('RESET ALL');
    await this.query(
      `SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), ${NEWER_SETTINGS}`,
      [String(statementTimeout), String(lockTimeout)],
    );
    this.statementTimeout = statementTimeout;
  }

  private get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  /** Rolls back what is open, so that the session holds neither locks nor a snapshot. */
  async endTransaction(): Promise<void> {
    // The driver passes an error on at once; how the transaction stands comes after it, over a network in another packet.
    const { readyForQuery } = this.client as unknown as { readonly readyForQuery?: boolean };
    if (readyForQuery !== true) await this.query('');
    if (this.client.getTransactionStatus() !== 'I') await this.query('ROLLBACK');
  }

  /** The server's major version, for instance 15. */
  get major(): number {
    return Math.floor(this.serverVersion / 10_000);
  }

  /**
   * Runs one statement and gives its rows. Statements on one session run one after another; a statement's time-out
   * begins with its turn.
   * @param sql one statement; with no parameters it may be several, and the rows are those of the last
   * @throws QueryError with side, SQLSTATE and object; InterruptedError when the signal aborts
   */
  async query<Row extends object>(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    throwIfAborted(this.signal);
    try {
      const answer = (await this.#inTurn(() => ({
        text: sql,
        ...(parameters.length === 0 ? {} : { values: [...parameters] }),
        ...(this.statementTimeout === 0 ? {} : { query_timeout: this.statementTimeout + GRACE_MS }),
      }))) as pg.QueryResult<Row> | pg.QueryResult<Row>[];
      const result = Array.isArray(answer) ? answer.at(-1) : answer;
      return result?.rows ?? [];
    } catch (error) {
      throwIfAborted(this.signal);
      throw queryError(this.#lost ?? error, this.address);
    }
  }

  /**
   * Runs a statement that gives exactly one row.
   * @throws QueryError as query(), also when there is no row
   */
  async one<Row extends object>(sql: string, parameters: readonly Parameter[] = []): Promise<Row> {
    const [row] = await this.query<Row>(sql, parameters);
    if (row === undefined) throw new QueryError('a query that always gives a row gave none', { detail: { sql } });
    return row;
  }

  /** Runs `work` in a transaction: committed when it resolves, rolled back when it throws. */
  async transaction<T>(work: () => Promise<T>, begin = 'BEGIN'): Promise<T> {
    await this.query(begin);
    try {
      const result = await work();
      await this.query('COMMIT');
      return result;
    } catch (error) {
      // A broken connection cannot roll back; the server does it by itself then.
      await this.#inTurn(() => ({ text: 'ROLLBACK' })).catch(() => undefined);
      throw error;
    }
  }

  /** Runs `work` with another statement_timeout (milliseconds, 0 for none), and puts the old one back. */
  async withStatementTimeout<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
    const old = this.statementTimeout;
    await this.query(`SET statement_timeout = ${String(milliseconds)}`);
    this.statementTimeout = milliseconds;
    try {
      return await work();
    } finally {
      this.statementTimeout = old;
      await this.#inTurn(() => ({ text: `SET statement_timeout = ${String(old)}` })).catch(() => undefined);
    }
  }

  /** Sends a statement when those before it have ended. What a statement is to be is asked for at its turn. */
  #inTurn(statement: () => pg.QueryConfig): Promise<pg.QueryResult | pg.QueryResult[]> {
    const answer = this.#ended.then(() => {
      throwIfAborted(this.signal);
      return watched([this], () => this.client.query(statement()));
    });
    this.#ended = answer.catch(() => undefined);
    return answer;
  }

  get traffic(): number {
    const { bytesRead = 0, bytesWritten = 0 } = streamOf(this.client);
    return bytesRead + bytesWritten;
  }

  async serverWaits(): Promise<boolean> {
    const { applicationName } = this.options;
    const other = await Session.connect(this.address, {
      applicationName,
      signal: this.signal,
      statementTimeout: LOOK_LIMIT_MS,
    });
    try {
      const [row] = await other.query<{ waits: boolean | null }>(
        "SELECT wait_event_type = 'Client' AS waits FROM pg_stat_activity WHERE pid = $1",
        [this.pid],
      );
      return row === undefined || row.waits === true;
    } finally {
      await other.close();
    }
  }

  /** Ends the connection. Never throws, and does not wait for a server that says nothing. */
  async close(): Promise<void> {
    this.signal?.removeEventListener('abort', this.cut);
    await endClient(this.client);
  }

  /** Cuts the connection; the server notices within a second and undoes what ran. What ran here fails. */
  readonly cut = (): void => {
    cutClient(this.client);
  };
}

/** Says goodbye to the server; cuts the connection when that takes long. Never throws. */
export async function endClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => {
    cutClient(client);
  }, GOODBYE_MS);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}

export function cutClient(client: pg.Client): void {
  streamOf(client).destroy();
}

/** The client's connection, as far as it is needed here; pg does not say what it is. */
function streamOf(client: pg.Client): Partial<Pick<Socket, 'bytesRead' | 'bytesWritten'>> & Pick<Socket, 'destroy'> {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

/** @returns the server's version number, and the process that serves the client (a pooler tells another one) */
async function prepareSession(client: pg.Client): Promise<{ version: number; pid: number }> {
  client.on('error', () => undefined);
  const { rows } = await client.query<{ version: number; pid: number }>({
    text: `SELECT current_setting('server_version_num')::int AS version, pg_backend_pid() AS pid, ${NEWER_SETTINGS}`,
    query_timeout: CONNECT_TIMEOUT_MS,
  } as pg.QueryConfig);
  return rows[0] ?? { version: 0, pid: 0 };
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new InterruptedError('interrupted');
}
