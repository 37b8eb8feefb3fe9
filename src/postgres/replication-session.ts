import type pg from 'pg';
import { ConnectionError, InterruptedError, QueryError } from '../errors.js';
import { SQLSTATE } from './sqlstate.js';
import { connectionError, queryError } from './failures.js';
import { cutClient, endClient, NEWER_SETTINGS, type Address } from './session.js';
import { connectTls } from './tls.js';

/** A snapshot of the database, and its exact point in the write-ahead log. */
export interface Snapshot {
  /** The consistent point: what was committed before it is in the snapshot, and nothing else. */
  readonly lsn: string;
  /** For SET TRANSACTION SNAPSHOT, as long as the session that made the slot does nothing else. */
  readonly snapshot: string;
}

/**
 * A connection in replication mode: only there a snapshot is had with its point in the log.
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
    { applicationName, signal }: { readonly applicationName: string; readonly signal?: AbortSignal | undefined },
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
      // It sits "idle in transaction" while the snapshot is needed, and waits for other transactions as long as it takes.
      options:
        '-c idle_in_transaction_session_timeout=0 -c statement_timeout=0 -c lock_timeout=0 -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3',
    };
    try {
      const client = await connectTls(base, address.ssl, address.host);
      const session = new ReplicationSession(address, client, signal);
      client.on('error', (error) => (session.#lost ??= error));
      signal?.addEventListener('abort', session.cut, { once: true });
      await client.query(`SELECT ${NEWER_SETTINGS}`);
      return session;
    } catch (error) {
      throw connectionError(error, address);
    }
  }

  /** The server process, by which others see what it waits for. */
  get pid(): number {
    return (this.client as unknown as { readonly processID: number }).processID;
  }

  /**
   * Makes a logical slot for pglogical's output, which stays. Waits until every transaction that writes, anywhere on the
   * server, has ended.
   */
  async createSlot(slot: string): Promise<void> {
    await this.#createSlot(slot, 'LOGICAL pglogical_output NOEXPORT_SNAPSHOT');
  }

  /**
   * Takes a snapshot and tells where it is in the write-ahead log, by a slot that goes with this connection. Waits as
   * createSlot() does.
   */
  async takeSnapshot(slot: string): Promise<Snapshot> {
    const row = await this.#createSlot(slot, 'TEMPORARY LOGICAL pglogical_output EXPORT_SNAPSHOT');
    return { lsn: row.consistent_point, snapshot: row.snapshot_name };
  }

  async #createSlot(slot: string, kind: string): Promise<{ consistent_point: string; snapshot_name: string }> {
    // Slot names are letters, digits and underscores only.
    if (!/^[a-z0-9_]{1,63}$/.test(slot)) throw new RangeError(`no slot can be called "${slot}"`);
    const [row] = await this.#query<{ consistent_point: string; snapshot_name: string }>(
      `CREATE_REPLICATION_SLOT "${slot}" ${kind}`,
    ).catch((error: unknown) => {
      // Copies of other databases give theirs back in a moment.
      if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.limitExceeded) throw error;
      throw new ConnectionError(error.message, {
        hint: 'Set max_replication_slots on the source higher, which takes a restart, or drop slots that nobody needs.',
        ...(error.detail === undefined ? {} : { detail: error.detail }),
        cause: error,
      });
    });
    if (row === undefined) throw new Error('the server made a slot without saying where it starts');
    return row;
  }

  async close(): Promise<void> {
    this.signal?.removeEventListener('abort', this.cut);
    await endClient(this.client);
  }

  /** Cuts the connection: what ran fails. */
  readonly cut = (): void => {
    cutClient(this.client);
  };

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
}
