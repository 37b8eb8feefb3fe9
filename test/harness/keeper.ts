import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chooseProvider } from './providers/choose.js';
import type { ManagedServer, Provider, ServerInfo, ServerPair } from './providers/provider.js';

/** What a worker may ask for. */
export type KeeperRequest =
  | { readonly ask: 'build' }
  | { readonly ask: 'pair'; readonly worker: string }
  | { readonly ask: ServerAction; readonly worker: string; readonly side: 'src' | 'dst' };

export type ServerAction = 'start' | 'stop' | 'kill' | 'log';

export interface PairInfo {
  readonly provider: Provider['name'];
  /** See Provider. */
  readonly tools?: string | undefined;
  readonly src: ServerInfo;
  readonly dst: ServerInfo;
}

export type KeeperAnswer =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/**
 * Owns the servers of a test run, in vitest's main process: workers come and go with every test file, servers stay. Each
 * worker gets a pair of its own, started when it first asks for it; a run of unit tests starts none.
 */
export class Keeper {
  readonly #pairs = new Map<string, Promise<ServerPair>>();
  #provider: Promise<Provider> | undefined;
  #build: Promise<void> | undefined;

  readonly #http = createServer((request, response) => {
    void this.#answer(request).then((answer) => response.end(JSON.stringify(answer)));
  });

  /** Begins to listen on the loopback interface. Gives the URL for askKeeper(). */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((this.#http.address() as AddressInfo).port)}/`;
  }

  /** Removes all servers. */
  async close(): Promise<void> {
    this.#http.close();
    const started = await Promise.allSettled([...this.#pairs.values()]);
    await Promise.all(started.flatMap((pair) => (pair.status === 'fulfilled' ? [pair.value.remove()] : [])));
  }

  async #answer(request: IncomingMessage): Promise<KeeperAnswer> {
    try {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
      return { ok: true, value: await this.#handle(JSON.parse(body) as KeeperRequest) };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #handle(request: KeeperRequest): Promise<unknown> {
    if (request.ask === 'build') return (this.#build ??= build());
    const pair = await this.#pair(request.worker);
    if (request.ask !== 'pair') return act(pair[request.side], request.ask);
    const { name, tools } = await this.#choose();
    return { provider: name, tools, src: pair.src.info, dst: pair.dst.info } satisfies PairInfo;
  }

  #choose(): Promise<Provider> {
    return (this.#provider ??= chooseProvider());
  }

  #pair(worker: string): Promise<ServerPair> {
    const pair = this.#pairs.get(worker) ?? this.#choose().then((provider) => provider.startPair());
    this.#pairs.set(worker, pair);
    return pair;
  }
}

function act(server: ManagedServer, action: ServerAction): Promise<unknown> {
  switch (action) {
    case 'start':
      return server.start();
    case 'stop':
      return server.stop();
    case 'kill':
      return server.kill();
    case 'log':
      return server.log();
  }
}

/** Makes sure that dist is what src says, once for a test run. */
async function build(): Promise<void> {
  const script = fileURLToPath(new URL('../../bin/bootstrap.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, 'prepare'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`belt could not be built:\n${output}`);
}
