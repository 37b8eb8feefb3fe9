import pg from 'pg';
import { inject } from 'vitest';
import { atFileEnd } from './endings.js';
import type { KeeperAnswer, KeeperRequest, PairInfo, ServerAction } from './keeper.js';
import type { ServerInfo } from './providers/provider.js';

/** One of this worker's two servers. All tests of the worker share it: each makes databases and roles of its own. */
export class TestServer {
  constructor(
    readonly side: 'src' | 'dst',
    readonly info: ServerInfo,
  ) {}

  /** Connects, as superuser unless told otherwise; the caller ends the client. */
  async connect(database: string, as?: { readonly name: string; readonly pw: string }): Promise<pg.Client> {
    const client = new pg.Client({
      host: this.info.host,
      port: this.info.port,
      database,
      user: as?.name ?? this.info.superuser,
      password: as?.pw ?? this.info.password,
    });
    // A server that a test kills must not end the test's process.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Runs statements on a connection of their own, as superuser; gives the rows of the last. */
  async sql<Row extends object>(database: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = await this.connect(database);
    try {
      return await query<Row>(client, text, values);
    } finally {
      await client.end();
    }
  }

  /** Starts it again after stop() or kill(), on the same port; waits until it takes connections. */
  async start(): Promise<void> {
    await this.#ask('start');
  }

  /** Shuts it down in order, ending all sessions. */
  async stop(): Promise<void> {
    await this.#ask('stop');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** As a crash: kill -9. */
  async kill(): Promise<void> {
    await this.#ask('kill');
  }

  /** All that the server has logged since it was made, by other tests too. */
  async log(): Promise<string> {
    return (await this.#ask('log')) as string;
  }

  #ask(action: ServerAction): Promise<unknown> {
    return askKeeper({ ask: action, worker: workerId(), side: this.side });
  }
}

export interface TestServers {
  readonly provider: PairInfo['provider'];
  /** A folder with the client tools for belt, where the machine has none. */
  readonly tools: string | undefined;
  readonly src: TestServer;
  readonly dst: TestServer;
}

let servers: Promise<TestServers> | undefined;

/** This worker's pair of servers, running; started by the first test that asks. */
export function testServers(): Promise<TestServers> {
  if (servers === undefined) {
    servers = getServers();
    // The next file asks anew: a test that failed may have left one stopped.
    atFileEnd(() => (servers = undefined));
  }
  return servers;
}

async function getServers(): Promise<TestServers> {
  const pair = (await askKeeper({ ask: 'pair', worker: workerId() })) as PairInfo;
  const src = new TestServer('src', pair.src);
  const dst = new TestServer('dst', pair.dst);
  await Promise.all([src.start(), dst.start()]);
  return { provider: pair.provider, tools: pair.tools, src, dst };
}

/** Asks vitest's main process. @throws Error with its reason when it fails there */
export async function askKeeper(request: KeeperRequest): Promise<unknown> {
  const response = await fetch(inject('keeper'), { method: 'POST', body: JSON.stringify(request) });
  const answer = (await response.json()) as KeeperAnswer;
  if (!answer.ok) throw new Error(answer.message);
  return answer.value;
}

/** Numbers the workers that run at the same time; a file that follows in the same place has the same number. */
function workerId(): string {
  return process.env['VITEST_POOL_ID'] ?? '1';
}

/** Runs one statement, or several when there are no values; gives the rows of the last. */
export async function query<Row extends object>(
  client: pg.Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  // With several statements the driver gives a list, which its types do not know.
  const result = (await client.query<Row>(text, values.length === 0 ? undefined : [...values])) as
    pg.QueryResult<Row> | pg.QueryResult<Row>[];
  return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
}
