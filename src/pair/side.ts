import { isIP } from 'node:net';
import type { SideConfig } from '../config/schema.js';
import type { SideName } from '../errors.js';
import { conninfo } from '../postgres/conninfo.js';
import { endLostSessions } from '../postgres/end-sessions.js';
import { Session, type Address, type SessionOptions, type TimeLimits } from '../postgres/session.js';

/** As whom belt works on a server. */
export type Role = 'root' | 'owner' | 'pglogical';

/** One server's database of a pair. Connections open when first asked for, one a role, and are kept until close(). */
export class Side {
  readonly #sessions = new Map<Role, Promise<Session>>();
  /** Further connections that nobody uses just now. */
  readonly #idle = new Map<Role, Session[]>();
  /** The server processes of all connections so far. */
  readonly #opened = new Set<number>();

  constructor(
    readonly name: SideName,
    readonly config: SideConfig,
    private readonly sessionOptions: Pick<SessionOptions, 'applicationName' | 'signal'>,
  ) {}

  /** `source` or `destination`. */
  get word(): 'source' | 'destination' {
    return this.name === 'src' ? 'source' : 'destination';
  }

  /** What messages call this database: `source database "shop"`. */
  toString(): string {
    return `${this.word} database "${this.config.db}"`;
  }

  root(): Promise<Session> {
    return this.session('root');
  }

  owner(): Promise<Session> {
    return this.session('owner');
  }

  /** The role's connection, opened at the first call. Statements on it run one after another. */
  session(role: Role): Promise<Session> {
    let session = this.#sessions.get(role);
    if (session === undefined) {
      session = this.open(role);
      this.#sessions.set(role, session);
    }
    return session;
  }

  /** A further connection, one that was given back or a new one. The caller gives it back, or closes it. */
  async open(role: Role, limits: TimeLimits = {}): Promise<Session> {
    const idle = this.#idle.get(role)?.pop();
    if (idle !== undefined) {
      try {
        await idle.renew(limits);
        return idle;
      } catch {
        // The server has ended it meanwhile: a new one tells whether the server is still there.
        await idle.close();
      }
    }
    const session = await Session.connect(this.address(role), { ...this.sessionOptions, ...limits });
    this.#opened.add(session.pid);
    return session;
  }

  /**
   * Ends what the server still has of connections that were lost. To be called when all were closed, before new ones do
   * their work.
   */
  async endLost(): Promise<void> {
    const root = await this.root();
    const lost = [...this.#opened].filter((pid) => pid !== root.pid);
    await endLostSessions(root, lost, this.sessionOptions.signal);
    for (const pid of lost) this.#opened.delete(pid);
  }

  /** A connection that reads and writes values as an application's would; the caller closes it. */
  openAsApplication(role: Role, limits: TimeLimits = {}): Promise<Session> {
    return Session.connect(this.address(role), { ...this.sessionOptions, ...limits, ownFormats: true });
  }

  /**
   * Keeps a further connection for the next open(): it knows the catalog already, and connecting takes time. Only one
   * whose last statement has ended well; any other must be closed.
   */
  async giveBack(role: Role, session: Session): Promise<void> {
    try {
      // Until it serves again it must hold neither locks nor a snapshot.
      await session.endTransaction();
      this.#idle.set(role, [...(this.#idle.get(role) ?? []), session]);
    } catch {
      await session.close();
    }
  }

  /** Opens `count` further connections and gives them to `work`; afterwards they are given back, or closed if it fails. */
  async withSessions<T>(
    count: number,
    role: Role,
    work: (sessions: readonly Session[]) => Promise<T>,
    limits: TimeLimits = {},
  ): Promise<T> {
    const opened = await Promise.allSettled(Array.from({ length: count }, () => this.open(role, limits)));
    const sessions = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      for (const one of opened) if (one.status === 'rejected') throw one.reason;
      const result = await work(sessions);
      await Promise.all(sessions.map((session) => this.giveBack(role, session)));
      return result;
    } catch (error) {
      await Promise.all(sessions.map((session) => session.close()));
      throw error;
    }
  }

  /** Where belt connects to, as the role. */
  address(role: Role): Address {
    return sideAddress(this.name, this.config, role);
  }

  /** Where the other server reaches this one. */
  get peer(): Pick<Address, 'host' | 'hostaddr' | 'port'> {
    const { peer_host, peer_port } = this.config;
    const { host, hostaddr, port } = this.address('pglogical');
    return {
      host: peer_host ?? host,
      hostaddr: peer_host === undefined ? hostaddr : undefined,
      port: peer_port ?? port,
    };
  }

  /**
   * The connection string by which the other server's pglogical reaches this one, as user pglogical; or as another role,
   * to try the way. It holds the password, so it must never be shown. Time-outs keep a server that does not answer from
   * hanging the worker.
   */
  peerConninfo(role: Role = 'pglogical'): string {
    const { config, peer } = this;
    const { user, password } = this.address(role);
    return conninfo({
      host: peer.host,
      hostaddr: peer.hostaddr,
      port: peer.port,
      dbname: config.db,
      user,
      password,
      sslmode: config.sslmode,
      sslrootcert: config.sslrootcert,
      connect_timeout: 10,
      keepalives_idle: 30,
      keepalives_interval: 10,
      keepalives_count: 3,
      options: WIRE_FORMAT,
    });
  }

  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    const sessions = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const idle = [...this.#idle.values()].flat();
    this.#idle.clear();
    await Promise.all([...sessions, ...idle].map((session) => session.close()));
  }
}

/**
 * Between major versions pglogical sends values as text, as the sender's session writes it, and the receiver's reads it. What
 * the database or a role is set to (`ALTER DATABASE ... SET DateStyle`) would make days of months, or round floats.
 * Source: libpqrcv_connect() of PostgreSQL's own logical replication, which asks for the same since version 15.
 */
const WIRE_FORMAT =
  '-c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex -c xmloption=content';

/** Where belt connects to on a side of a config, as the role. */
export function sideAddress(side: SideName, config: SideConfig, role: Role): Address {
  const user = config[`${role}_user`];
  return {
    side,
    host: config.host,
    hostaddr: config.ip !== undefined && isIP(config.ip) !== 0 ? config.ip : undefined,
    port: config.port,
    database: config.db,
    user: user.name,
    password: user.pw,
    ssl: { mode: config.sslmode, rootcert: config.sslrootcert },
  };
}
