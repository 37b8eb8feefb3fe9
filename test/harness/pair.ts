import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type pg from 'pg';
import { ident, literal } from '../../src/postgres/quote.js';
import { runBelt, type BeltOptions, type BeltRun } from './belt.js';
import { callBelt, canCall } from './call-belt.js';
import { atFileEnd } from './endings.js';
import { hostileNames, ordinaryNames, type TestNames, type TestUser } from './names.js';
import { query, testServers, type TestServer } from './servers.js';

export interface PairOptions {
  /** SQL for the source, run as superuser before anything else. */
  readonly beforeSql?: string;
  /** SQL for the source, run as owner with search_path set to the schema; may need the names that were chosen. */
  readonly srcSql?: string | ((names: TestNames) => string);
  /** The same for the destination; mostly there is none, since belt makes the schema there. */
  readonly dstSql?: string | ((names: TestNames) => string);
  /** Names, roles and passwords with all that breaks bad quoting. */
  readonly hostile?: boolean;
  /** `"Shop Data"` when left out, or the hostile one. */
  readonly schema?: string;
  /** Certain names in place of fresh ones. Roles that are there already get the password given. */
  readonly names?: Partial<TestNames>;
  /** Whether both databases get the schema, empty, before any SQL runs; true when left out. */
  readonly makeSchema?: boolean;
  /** The datacenter and database in the project folder. */
  readonly dc?: string;
  readonly db?: string;
  /** Adds this database to the project folder of another pair. */
  readonly project?: string;
  /** Whether each belt is a process of its own, as in the field; else most run in the test's process. */
  readonly ownProcess?: boolean;
  /** Changes the config before it is written. */
  readonly config?: (config: TestConfig) => void;
}

/** What is written to config.json. */
export interface TestConfig {
  db: string;
  dc: string;
  schema_name: string | string[];
  src: TestSideConfig | null;
  dst: TestSideConfig | null;
  tables: string[];
  sequences: string[];
  exclude_users?: string[];
  exclude_patterns?: string[];
}

export interface TestSideConfig {
  host: string;
  ip?: string;
  db: string;
  port: number | string;
  root_user: TestUser;
  owner_user: TestUser;
  pglogical_user: TestUser;
  other_users: { name: string; pw: string | null }[] | null;
  sslmode?: string;
  sslrootcert?: string;
  peer_host?: string;
  peer_port?: number;
}

/** One side's database of a test. */
export class TestDatabase {
  readonly #clients = new Map<string, Promise<pg.Client>>();

  constructor(
    readonly server: TestServer,
    readonly names: TestNames,
  ) {}

  /** Runs SQL as superuser; gives the rows of the last statement. */
  async sql<Row extends object = Record<string, unknown>>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    return query<Row>(await this.#client(undefined), text, values);
  }

  /** Runs SQL as owner, with search_path set to the schema. */
  async ownerSql<Row extends object = Record<string, unknown>>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    return query<Row>(await this.#client(this.names.owner), text, values);
  }

  /** A connection of its own, superuser unless told otherwise; the caller ends it. */
  connect(as?: TestUser): Promise<pg.Client> {
    return this.server.connect(this.names.database, as);
  }

  /** Ends this test's own connections: needed before the server is stopped or killed. */
  async disconnect(): Promise<void> {
    const clients = await Promise.allSettled([...this.#clients.values()]);
    this.#clients.clear();
    for (const client of clients) if (client.status === 'fulfilled') await client.value.end().catch(() => undefined);
  }

  async #client(as: TestUser | undefined): Promise<pg.Client> {
    const key = as?.name ?? '';
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const opened = this.connect(as).then(async (client) => {
      if (as !== undefined) await client.query(`SET search_path = ${ident(this.names.schema)}, public`);
      return client;
    });
    this.#clients.set(key, opened);
    return opened;
  }
}

/** A fresh database on both servers and a project folder with its config: all that a test of belt needs. */
export class TestPair {
  constructor(
    /** The migration project folder. */
    readonly dir: string,
    readonly dc: string,
    readonly db: string,
    readonly names: TestNames,
    readonly config: TestConfig,
    readonly src: TestDatabase,
    readonly dst: TestDatabase,
    private readonly tools: string | undefined,
    private readonly ownProcess: boolean,
  ) {}

  get schema(): string {
    return this.names.schema;
  }

  get configPath(): string {
    return join(this.dir, 'configs', this.dc, this.db, 'config.json');
  }

  /**
   * Runs the built belt in the project folder: `belt(['status'])` for `belt status DC DB`. In this process, unless the
   * options or the pair want one of its own.
   */
  belt([command, ...rest]: readonly [string, ...string[]], options: BeltOptions = {}): Promise<BeltRun> {
    return this.beltRaw([command, this.dc, this.db, ...rest], options);
  }

  /** Runs the built belt with just these arguments. */
  beltRaw(args: readonly string[], options: BeltOptions = {}): Promise<BeltRun> {
    const all = { ...options, env: { ...this.environment, ...options.env } };
    return !this.ownProcess && canCall(all) ? callBelt(this.dir, args, all) : runBelt(this.dir, args, all);
  }

  /** What belt needs in its environment to find the client tools that fit the servers. */
  get environment(): Readonly<Record<string, string>> {
    return this.tools === undefined ? {} : { BELT_PG_BIN: this.tools };
  }

  async writeConfig(): Promise<void> {
    await mkdir(dirname(this.configPath), { recursive: true });
    await writeFile(this.configPath, `${JSON.stringify(this.config, null, 2)}\n`, { mode: 0o600 });
  }

  /**
   * Puts both databases to rest: no subscription, no slot that holds back WAL, no session, no login. They are not dropped:
   * DROP DATABASE hangs with pglogical 2.4.2, and the servers are thrown away at the end of the run anyway.
   */
  async cleanup(): Promise<void> {
    await Promise.all([this.src, this.dst].map((side) => side.disconnect()));
    await Promise.all([this.src, this.dst].map((side) => quiet(side)));
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Makes a fresh pair, cleaned up at the end of the test file. */
export async function testPair(options: PairOptions = {}): Promise<TestPair> {
  const servers = await testServers();
  const { superuser, password } = servers.src.info;
  const chosen = options.hostile === true ? hostileNames() : ordinaryNames({ name: superuser, pw: password });
  const names = { ...chosen, ...(options.schema === undefined ? {} : { schema: options.schema }), ...options.names };
  const src = new TestDatabase(servers.src, names);
  const dst = new TestDatabase(servers.dst, names);
  await Promise.all([createDatabase(src), createDatabase(dst)]);
  if (options.makeSchema !== false && names.schema !== 'public') {
    const sql = `CREATE SCHEMA ${ident(names.schema)} AUTHORIZATION ${ident(names.owner.name)}`;
    await Promise.all([src.sql(sql), dst.sql(sql)]);
  }
  if (options.beforeSql !== undefined) await src.sql(options.beforeSql);
  await Promise.all([fill(src, options.srcSql), fill(dst, options.dstSql)]);
  const dc = options.dc ?? 'dc1';
  const db = options.db ?? 'shop';
  const config: TestConfig = {
    db,
    dc,
    schema_name: names.schema,
    src: sideConfig(servers.src, names),
    dst: sideConfig(servers.dst, names),
    tables: [],
    sequences: [],
  };
  options.config?.(config);
  const dir = options.project ?? (await mkdtemp(join(tmpdir(), 'belt-test-')));
  const pair = new TestPair(dir, dc, db, names, config, src, dst, servers.tools, options.ownProcess === true);
  atFileEnd(() => pair.cleanup());
  await pair.writeConfig();
  return pair;
}

function sideConfig({ info }: TestServer, names: TestNames): TestSideConfig {
  return {
    host: info.host,
    port: info.port,
    db: names.database,
    // The superuser's password may differ from server to server.
    root_user: names.root.name === info.superuser ? { name: info.superuser, pw: info.password } : names.root,
    owner_user: names.owner,
    pglogical_user: names.pglogical,
    other_users: null,
    ...(info.peer === undefined ? {} : { peer_host: info.peer.host, peer_port: info.peer.port }),
  };
}

async function createDatabase({ server, names }: TestDatabase): Promise<void> {
  const client = await server.connect('postgres');
  const role = async ({ name, pw }: TestUser, attributes: string): Promise<void> => {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
    await client.query(`${verb} ROLE ${ident(name)} LOGIN ${attributes} PASSWORD ${literal(pw)}`);
  };
  try {
    await role(names.owner, '');
    await role(names.app, '');
    if (names.root.name !== server.info.superuser) await role(names.root, 'SUPERUSER');
    await client.query(`CREATE DATABASE ${ident(names.database)} OWNER ${ident(names.owner.name)} TEMPLATE template0`);
  } finally {
    await client.end();
  }
}

async function fill(side: TestDatabase, sql: PairOptions['srcSql']): Promise<void> {
  if (sql !== undefined) await side.ownerSql(typeof sql === 'string' ? sql : sql(side.names));
}

/** See TestPair.cleanup(). A server that a test left stopped is left so: testServers() starts it for the next file. */
async function quiet({ server, names }: TestDatabase): Promise<void> {
  const client = await server.connect('postgres').catch(() => undefined);
  if (client === undefined) return;
  try {
    // Without this, pglogical's supervisor would start its worker in the database again and again.
    await client.query(`ALTER DATABASE ${ident(names.database)} WITH ALLOW_CONNECTIONS false`);
    for (const user of [names.owner, names.app]) await client.query(`ALTER ROLE ${ident(user.name)} NOLOGIN`);
    for (let tries = 0; tries < 50; tries++) {
      const { rows } = await client.query<{ busy: boolean }>(
        `SELECT count(pg_terminate_backend(pid)) > 0 AS busy FROM pg_stat_activity WHERE datname = $1`,
        [names.database],
      );
      if (rows[0]?.busy !== true) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // A walsender that is just ending still holds its slot; the other side's worker is gone, or goes as well.
    for (let tries = 0; tries < 50; tries++) {
      await client.query(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active`,
        [names.database],
      );
      const { rowCount } = await client.query('SELECT FROM pg_replication_slots WHERE database = $1', [names.database]);
      if (rowCount === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await client.end();
  }
}
