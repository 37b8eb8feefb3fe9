import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server that a test can cut: one connection, known by its server process, or all of them. Without TLS. */
export class Proxy {
  readonly #wires = new Set<Wire>();
  #toLose: { readonly which: (statement: string) => boolean; readonly lost: () => void } | undefined;

  private constructor(
    readonly port: number,
    private readonly server: Server,
  ) {}

  static async start(to: { readonly host: string; readonly port: number }): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new Proxy((server.address() as AddressInfo).port, server);
    server.on('connection', (client: Socket) => {
      const wire = new Wire(client, connect(to.port, to.host), () => proxy.#wires.delete(wire));
      proxy.#wires.add(wire);
      client.on('data', (piece: Buffer) => {
        if (proxy.#toLose === undefined || wire.pid === undefined || !STATEMENTS.includes(piece[0] ?? 0)) return;
        const { which, lost } = proxy.#toLose;
        if (!which(piece.toString())) return;
        proxy.#toLose = undefined;
        wire.cutAtAnswer(lost);
      });
    });
    return proxy;
  }

  /** Cuts the connections of these server processes. @returns how many there were */
  cut(...pids: readonly number[]): number {
    const wires = [...this.#wires].filter(({ pid }) => pid !== undefined && pids.includes(pid));
    for (const wire of wires) wire.cut();
    return wires.length;
  }

  cutAll(): void {
    for (const wire of [...this.#wires]) wire.cut();
  }

  /**
   * Lets the next such statement through, and cuts its connection in place of the server's answer.
   * @param which is asked about each statement
   * @returns when that has happened
   */
  async loseAnswer(which: (statement: string) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#toLose = { which, lost: resolve };
    });
  }

  /** No answer is lost from now on. */
  keepAnswers(): void {
    this.#toLose = undefined;
  }

  /** From now on nothing passes on the connections that there are; neither end is told. New ones are as ever. */
  silence(): void {
    for (const wire of this.#wires) wire.silence();
  }

  close(): void {
    this.server.close();
    this.cutAll();
  }
}

/** The first bytes of Query and Parse. */
const STATEMENTS: readonly number[] = ['Q', 'P'].map((letter) => letter.charCodeAt(0));
const BACKEND_KEY_DATA = 'K'.charCodeAt(0);
const READY = 'Z'.charCodeAt(0);

class Wire {
  /** The server process; undefined until it has said so. */
  pid: number | undefined;
  #start: Buffer | null = Buffer.alloc(0);

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    ended: () => void,
  ) {
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.cut();
        ended();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
    upstream.on('data', (piece: Buffer) => {
      this.#listen(piece);
    });
  }

  cut(): void {
    // With an answer that nobody wants, as from a router that has forgotten the connection.
    this.client.resetAndDestroy();
    this.upstream.resetAndDestroy();
  }

  /** Cuts it when the server says something. */
  cutAtAnswer(then: () => void): void {
    this.upstream.unpipe(this.client);
    this.upstream.once('data', () => {
      this.cut();
      then();
    });
    this.upstream.resume();
  }

  silence(): void {
    for (const socket of [this.client, this.upstream]) {
      socket.unpipe();
      socket.removeAllListeners('close');
      socket.resume();
    }
  }

  /** Reads what the server says until it is ready: there it tells its process. */
  #listen(piece: Buffer): void {
    if (this.#start === null) return;
    this.#start = Buffer.concat([this.#start, piece]);
    let at = this.#start[0] === 'N'.charCodeAt(0) ? 1 : 0;
    while (this.#start.length >= at + 5) {
      const length = this.#start.readUInt32BE(at + 1);
      if (this.#start.length < at + 1 + length) return;
      if (this.#start[at] === BACKEND_KEY_DATA) this.pid = this.#start.readUInt32BE(at + 5);
      if (this.#start[at] === READY) {
        this.#start = null;
        return;
      }
      at += 1 + length;
    }
  }
}
