import { randomBytes } from 'node:crypto';
import { appendFile, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ToolError } from '../errors.js';
import { runServerTool, serverIdentity, type ServerIdentity } from '../process/server-tools.js';
import type { ServerInstallation } from './installations.js';
import { freePort, isFree } from './ports.js';

export type StopMode = 'smart' | 'fast' | 'immediate';

export interface StartServerOptions {
  /** A folder from makeServerHome(); the server gets a folder of its own in it. */
  readonly home: string;
  readonly installation: ServerInstallation;
  /** The name of the server's folder: `source`. */
  readonly name: string;
  /** A free one when left out. */
  readonly port?: number | undefined;
  /** The superuser's password; a random one when left out. */
  readonly password?: string | undefined;
  /** Lines of postgresql.conf, on top of what is set here. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** What is to be known to work with a server from another process. Holds the superuser's password. */
export interface ServerDescription {
  readonly name: string;
  readonly major: number;
  readonly bindir: string;
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly superuser: 'postgres';
  readonly password: string;
  readonly dataDir: string;
  readonly socketDir: string;
  readonly logFile: string;
}

const START_TIMEOUT_S = 60;
const STOP_TIMEOUT_S = 60;

/** What pglogical needs, and what makes a throwaway server quick. Data is not safe from a crash of the machine. */
function settingsFor(installation: ServerInstallation): Record<string, string | number | boolean> {
  const libraries = [
    ...(installation.hasPglogical ? ['pglogical'] : []),
    ...(installation.hasPgStatStatements ? ['pg_stat_statements'] : []),
  ];
  return {
    listen_addresses: '127.0.0.1',
    wal_level: 'logical',
    shared_preload_libraries: libraries.join(','),
    max_connections: 300,
    max_replication_slots: 100,
    max_wal_senders: 100,
    max_worker_processes: 200,
    max_locks_per_transaction: 256,
    shared_buffers: '128MB',
    fsync: false,
    full_page_writes: false,
    max_wal_size: '4GB',
    checkpoint_timeout: '30min',
    lc_messages: 'C',
    log_line_prefix: '%m [%p] %q%u@%d ',
    log_checkpoints: false,
  };
}

/** A throwaway server on 127.0.0.1. It goes on running when the process that started it ends. */
export class Server implements ServerDescription {
  readonly host = '127.0.0.1';
  readonly superuser = 'postgres';
  readonly name: string;
  readonly major: number;
  readonly bindir: string;
  readonly port: number;
  readonly password: string;
  readonly dataDir: string;
  readonly socketDir: string;
  readonly logFile: string;

  /** @param description of a server that was made by startServer(), maybe in another process */
  constructor(description: ServerDescription) {
    this.name = description.name;
    this.major = description.major;
    this.bindir = description.bindir;
    this.port = description.port;
    this.password = description.password;
    this.dataDir = description.dataDir;
    this.socketDir = description.socketDir;
    this.logFile = description.logFile;
  }

  /** What another process needs to make a Server of it. */
  describe(): ServerDescription {
    const { name, major, bindir, host, port, superuser, password, dataDir, socketDir, logFile } = this;
    return { name, major, bindir, host, port, superuser, password, dataDir, socketDir, logFile };
  }

  /**
   * Starts it again after stop() or kill(), and waits until it takes connections.
   * @throws ToolError with the end of the server's log
   */
  async start(): Promise<void> {
    const identity = await serverIdentity();
    // After kill() the old server's processes need a moment to notice, and hold its shared memory until then.
    for (let tries = 1; ; tries++) {
      try {
        await this.#pgCtl(
          ['start', '-w', '-t', String(START_TIMEOUT_S), '-l', this.logFile],
          START_TIMEOUT_S,
          identity,
        );
        return;
      } catch (error) {
        if (tries === 5) throw await this.#withLog(error);
        await pause(1000);
      }
    }
  }

  /**
   * Stops it; a server that is not running is left as it is.
   * @param mode `fast` ends sessions and shuts down in order, `immediate` breaks off as in a crash
   */
  async stop(mode: StopMode = 'fast'): Promise<void> {
    if (!(await this.isRunning())) return;
    try {
      await this.#pgCtl(['stop', '-w', '-t', String(STOP_TIMEOUT_S), '-m', mode], STOP_TIMEOUT_S);
    } catch (error) {
      // It may have ended by itself meanwhile.
      if (await this.isRunning()) throw await this.#withLog(error);
    }
  }

  async restart(mode: StopMode = 'fast'): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** Kills the server's main process without any warning, as `kill -9`; its other processes end soon after. */
  async kill(): Promise<void> {
    const pid = await this.pid();
    if (pid === undefined) return;
    await runServerTool(this.bindir, 'pg_ctl', ['kill', 'KILL', String(pid)], {
      timeout: 10_000,
      identity: await serverIdentity(),
      cwd: this.dataDir,
    });
    for (let tries = 0; tries < 50 && (await this.isRunning()); tries++) await pause(100);
  }

  /** Stops it, whatever it is at, and deletes its files. */
  async remove(): Promise<void> {
    await this.stop('immediate');
    await rm(join(this.dataDir, '..'), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** The main process's id, or undefined when the server left no note of one. */
  async pid(): Promise<number | undefined> {
    const text = await readFile(join(this.dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
    const pid = Number.parseInt(text, 10);
    return Number.isNaN(pid) ? undefined : pid;
  }

  async isRunning(): Promise<boolean> {
    if ((await this.pid()) === undefined) return false;
    return this.#pgCtl(['status'], 10).then(
      () => true,
      () => false,
    );
  }

  async #pgCtl(args: readonly string[], seconds: number, identity?: ServerIdentity): Promise<void> {
    await runServerTool(this.bindir, 'pg_ctl', ['-s', '-D', this.dataDir, ...args], {
      timeout: (seconds + 10) * 1000,
      identity: identity ?? (await serverIdentity()),
      cwd: this.dataDir,
    });
  }

  async #withLog(error: unknown): Promise<ToolError> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    const end = log.trimEnd().split('\n').slice(-15).join('\n');
    const message = error instanceof Error ? error.message : String(error);
    return new ToolError(`server "${this.name}": ${message}\n${end}`, {
      cause: error,
      detail: { log_file: this.logFile },
    });
  }
}

/** What a server that startServer() makes with these options will be like, but for a port or password left out. */
export function describeServer({ home, installation, name, port, password }: StartServerOptions): ServerDescription {
  const folder = join(home, name);
  return {
    name,
    major: installation.major,
    bindir: installation.bindir,
    host: '127.0.0.1',
    port: port ?? 0,
    superuser: 'postgres',
    password: password ?? randomBytes(18).toString('base64url'),
    dataDir: join(folder, 'data'),
    socketDir: join(folder, 'socket'),
    logFile: join(folder, 'server.log'),
  };
}

/**
 * Makes a fresh server and starts it: UTF-8, locale C.UTF-8 (C where the system has none), passwords (SCRAM) for all.
 * It listens on 127.0.0.1 and on a socket in its own folder.
 * @throws ToolError with what initdb or the server said
 */
export async function startServer(options: StartServerOptions): Promise<Server> {
  const { installation, home, name } = options;
  const identity = await serverIdentity();
  const made = new Server(describeServer({ ...options, port: options.port ?? (await freePort()) }));
  try {
    await makeFolders([join(home, name), made.dataDir, made.socketDir], identity);
    await initialize(made, identity);
    await configure(made, { ...settingsFor(installation), ...options.settings });
    return await startOnFreePort(made, options.port === undefined);
  } catch (error) {
    await made.remove().catch(() => undefined);
    throw error;
  }
}

async function makeFolders(folders: readonly string[], identity: ServerIdentity | undefined): Promise<void> {
  for (const folder of folders) {
    await mkdir(folder, { mode: 0o700 });
    if (identity !== undefined) await chown(folder, identity.uid, identity.gid);
  }
}

async function initialize(server: Server, identity: ServerIdentity | undefined): Promise<void> {
  const passwordFile = join(server.socketDir, 'password');
  await writeFile(passwordFile, `${server.password}\n`, { mode: 0o600 });
  if (identity !== undefined) await chown(passwordFile, identity.uid, identity.gid);
  const initdb = (locale: string): Promise<string> =>
    runServerTool(
      server.bindir,
      'initdb',
      ['-D', server.dataDir, '-U', server.superuser, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`].concat([
        '-E',
        'UTF8',
        `--locale=${locale}`,
        '--no-sync',
        '--no-instructions',
      ]),
      { timeout: 120_000, identity, cwd: server.dataDir },
    );
  try {
    // macOS and some small systems have no C.UTF-8. initdb empties the folder again when it fails.
    await initdb('C.UTF-8').catch(() => initdb('C'));
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function configure(server: Server, settings: Readonly<Record<string, string | number | boolean>>): Promise<void> {
  const all: Record<string, string | number | boolean> = { unix_socket_directories: server.socketDir, ...settings };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`);
  await appendFile(join(server.dataDir, 'postgresql.conf'), `\n${lines.join('\n')}\n`);
  await setPort(server);
}

async function setPort(server: Server): Promise<void> {
  await appendFile(join(server.dataDir, 'postgresql.conf'), `port = ${String(server.port)}\n`);
}

/** Another process may take the port between looking and starting: then the next one is tried. */
async function startOnFreePort(server: Server, mayMove: boolean): Promise<Server> {
  for (let tries = 1; ; tries++) {
    if (await isFree(server.port)) {
      await server.start();
      return server;
    }
    if (!mayMove || tries === 5) {
      throw new ToolError(`port ${String(server.port)} of 127.0.0.1, meant for server "${server.name}", is in use`);
    }
    server = new Server({ ...server.describe(), port: await freePort() });
    await setPort(server);
  }
}
