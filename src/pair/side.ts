import { isIP } from 'node:net';
import type { SideConfig } from '../config/schema.js';
import type { SideName } from '../errors.js';
import { conninfo } from '../postgres/conninfo.js';
import { Session, type Address, type SessionOptions } from '../postgres/session.js';

/** As whom belt works on a server. */
export type Role = 'root' | 'owner' | 'pglogical';

/** One server's database of a pair. Connections open when first asked for, one a role, and are kept until close(). */
export class Side {
  readonly #sessions = new Map<Role, Promise<Session>>();

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

  /** A further connection, which the caller closes. */
  open(role: Role, options: Pick<SessionOptions, 'statementTimeout' | 'lockTimeout'> = {}): Promise<Session> {
    return Session.connect(this.address(role), { ...this.sessionOptions, ...options });
  }

  /** Opens `count` further connections, gives them to `work`, and closes them whatever happens. */
  async withSessions<T>(
    count: number,
    role: Role,
    work: (sessions: readonly Session[]) => Promise<T>,
    options: Pick<SessionOptions, 'statementTimeout' | 'lockTimeout'> = {},
  ): Promise<T> {
    const opened = await Promise.allSettled(Array.from({ length: count }, () => this.open(role, options)));
    const sessions = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      for (const one of opened) if (one.status === 'rejected') throw one.reason;
      return await work(sessions);
    } finally {
      await Promise.all(sessions.map((session) => session.close()));
    }
  }

  /** Where belt connects to, as the role. */
  address(role: Role): Address {
    const { config } = this;
    const user = config[`${role}_user`];
    return {
      side: this.name,
      host: config.host,
      hostaddr: config.ip !== undefined && isIP(config.ip) !== 0 ? config.ip : undefined,
      port: config.port,
      database: config.db,
      user: user.name,
      password: user.pw,
      ssl: { mode: config.sslmode, rootcert: config.sslrootcert },
    };
  }

  /**
   * The connection string by which the other server's pglogical reaches this one, as user pglogical. It holds the
   * password, so it must never be shown. Time-outs keep a server that does not answer from hanging the worker.
   */
  peerConninfo(): string {
    const { config } = this;
    const address = this.address('pglogical');
    return conninfo({
      host: config.peer_host ?? config.host,
      hostaddr: config.peer_host === undefined ? address.hostaddr : undefined,
      port: config.peer_port ?? config.port,
      dbname: config.db,
      user: address.user,
      password: address.password,
      sslmode: config.sslmode,
      sslrootcert: config.sslrootcert,
      connect_timeout: 10,
      keepalives_idle: 30,
      keepalives_interval: 10,
      keepalives_count: 3,
    });
  }

  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    const sessions = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.all(sessions.map((session) => session.close()));
  }
}
