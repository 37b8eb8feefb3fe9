import type pg from 'pg';
import { InterruptedError } from '../errors.js';
import { connectionError, queryError } from './failures.js';
import type { Address } from './session.js';
import { connectTls } from './tls.js';

/** Where a slot begins, and the snapshot of the database at exactly that point of the write-ahead log. */
export interface SlotStart {
  /** The consistent point: changes committed after it come through the slot, all earlier ones are in the snapshot. */
  readonly lsn: string;
  /** For SET TRANSACTION SNAPSHOT, as long as the session that made the slot does nothing else. */
  readonly snapshot: string;
}

export interface ReplicationOptions {
  readonly applicationName: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the server gives up waiting for one transaction; 0 for never. */
  readonly lockTimeout: number;
}

/**
 * A connection in replication mode: only there a slot can be made together with a snapshot.
 * Source: PostgreSQL documentation, "Streaming Replication Protocol".
 */
export class ReplicationSession {
  #lost: Error | undefined;

  private constructor(
    private readonly address: Address,
    private readonly client: pg.Client,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** @throws ConnectionError with the reason and what to do */
  static async connect(
    address: Address,
    { applicationName, signal, lockTimeout }: ReplicationOptions,
  ): Promise<ReplicationSession> {
    const base: pg.ClientConfig & { replication: string } = {
      host: address.hostaddr ?? address.host,
      port: address.port,
      database: address.database,
      user: address.user,
      password: address.password,
      application_name: applicationName,
      connectionTimeoutMillis: 8_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      replication: 'database',
      // It sits "idle in transaction" while the snapshot is needed.
      options: `-c idle_in_transaction_session_timeout=0 -c statement_timeout=0 -c lock_timeout=${String(lockTimeout)}`,
    };
    try {
      const client = await connectTls(base, address.ssl, address.host);
      const session = new ReplicationSession(address, client, signal);
      client.on('error', (error) => (session.#lost ??= error));
      signal?.addEventListener('abort', session.#abort, { once: true });
      return session;
    } catch (error) {
      throw connectionError(error, address);
    }
  }

  /** The server process, by which others see what it waits for. */
  async pid(): Promise<number> {
    const [row] = await this.#query<{ pid: string }>('SELECT pg_backend_pid() AS pid');
    return Number(row?.pid);
  }

  /**
   * Makes a logical slot for pglogical's output and exports its snapshot. Waits until every transaction that writes,
   * anywhere on the server, has ended.
   * @param temporary whether the slot goes with this connection
   */
  async createSlot(slot: string, temporary: boolean): Promise<SlotStart> {
    // Slot names are letters, digits and underscores only.
    if (!/^[a-z0-9_]{1,63}$/.test(slot)) throw new RangeError(`no slot can be called "${slot}"`);
    const [row] = await this.#query<{ consistent_point: string; snapshot_name: string }>(
      `CREATE_REPLICATION_SLOT "${slot}"${temporary ? ' TEMPORARY' : ''} LOGICAL pglogical_output EXPORT_SNAPSHOT`,
    );
    if (row === undefined) throw new Error('the server made a slot without saying where it starts');
    return { lsn: row.consistent_point, snapshot: row.snapshot_name };
  }

  /** Cuts the connection, whatever the server is at. */
  cut(): void {
    this.#abort();
  }

  async close(): Promise<void> {
    this.signal?.removeEventListener('abort', this.#abort);
    await this.client.end().catch(() => undefined);
  }

  /** Such a connection takes simple statements only, without parameters. */
  async #query<Row extends object>(sql: string): Promise<Row[]> {
    try {
      const { rows } = await this.client.query<Row>(sql);
      return rows;
    } catch (error) {
      if (this.signal?.aborted === true) throw new InterruptedError('interrupted');
      throw queryError(this.#lost ?? error, this.address);
    }
  }

  readonly #abort = (): void => {
    const { stream } = (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection;
    stream.destroy();
  };
}
