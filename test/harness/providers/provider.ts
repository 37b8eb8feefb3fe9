/** What the two ways to get PostgreSQL servers for the tests have in common. */

/** What a test must know to use a server; travels as JSON from the keeper to the workers. */
export interface ServerInfo {
  readonly host: string;
  readonly port: number;
  /** How the pair's other server reaches this one; undefined where that is no different. */
  readonly peer?: { readonly host: string; readonly port: number };
  /** For instance 15. */
  readonly major: number;
  readonly superuser: string;
  readonly password: string;
}

/** A server that tests may stop, kill and start as they like; it keeps its port. */
export interface ManagedServer {
  readonly info: ServerInfo;
  /** Starts it again and waits until it takes connections; one that runs is left alone. */
  start(): Promise<void>;
  /** In order, ending all sessions. */
  stop(): Promise<void>;
  /** As a crash. */
  kill(): Promise<void>;
  /** All that it has logged. */
  log(): Promise<string>;
}

export interface ServerPair {
  readonly src: ManagedServer;
  readonly dst: ManagedServer;
  remove(): Promise<void>;
}

export interface Provider {
  readonly name: 'local' | 'docker';
  /** A folder with pg_dump and its kin, where the machine has none of its own. */
  readonly tools?: string | undefined;
  startPair(): Promise<ServerPair>;
}

/** On top of what servers for pglogical have anyway: each test's database keeps a worker and maybe slots to the end. */
export const TEST_SETTINGS = {
  max_worker_processes: 400,
  max_replication_slots: 200,
  max_wal_senders: 200,
  max_connections: 400,
  max_prepared_transactions: 10,
  shared_buffers: '64MB',
  // Compiling takes longer than running what tests ask the catalogs.
  jit: 'off',
  // Each test leaves its databases: on its round through all of them, autovacuum would start a process twice a second.
  autovacuum: 'off',
};

/** Whether the process that made something is gone, so that nobody will clean up after it. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
