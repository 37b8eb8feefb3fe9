import { Readable, type Duplex } from 'node:stream';

/**
 * Rows of a COPY ... TO STDOUT, as a stream of its bytes. PostgreSQL sends each row as a message of its own, and some 8 kB
 * at a time; here they pass on in big pieces, and nothing is made for each row, which is what a copy of many small rows
 * spends its time on: belt's on making things, and the other server's on waking up. Source of the messages: PostgreSQL's
 * documentation, Message Formats.
 */

/** What pg gives a query of one's own: the connection, of which the stream and the simple query are used. */
interface Connection {
  readonly stream: Duplex;
  query(text: string): void;
}

const COPY_DATA = 'd'.charCodeAt(0);
const COPY_DONE = 'c'.charCodeAt(0);
const ERROR_RESPONSE = 'E'.charCodeAt(0);

/** A byte for the kind of the message, and four for its length, which counts itself. */
const HEAD = 5;

const PIECE_BYTES = 64 * 1024;

export class CopyOut extends Readable {
  /** Rows that the server says it has sent; 0 until it has said so, which may be after the last of them. */
  rowCount = 0;
  #connection: Connection | undefined;
  /** pg's own listener, which is back when the rows have passed. */
  #listener: ((bytes: Buffer) => void) | undefined;
  /** The beginning of a message whose head is not there as a whole. */
  #head: Buffer | null = null;
  /** Bytes of the current message that are still to come, and whether they are rows. */
  #left = 0;
  #isData = false;
  /** The piece that is being filled, and how far it is. */
  #piece = Buffer.allocUnsafe(PIECE_BYTES);
  #filled = 0;

  /** @param text COPY ... TO STDOUT */
  constructor(private readonly text: string) {
    super();
  }

  /** pg calls it when it is this query's turn. */
  submit(connection: Connection): void {
    const { stream } = connection;
    const [listener, ...others] = stream.listeners('data') as ((bytes: Buffer) => void)[];
    if (listener === undefined || others.length > 0) throw new Error('pg does not listen as it used to');
    this.#connection = connection;
    this.#listener = listener;
    stream.off('data', listener);
    stream.on('data', this.#take);
    connection.query(this.text);
  }

  override _read(): void {
    if (this.#listener !== undefined) this.#connection?.stream.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    // In the middle of the rows the connection is of no use to anybody any more.
    if (this.#listener !== undefined) this.#connection?.stream.destroy();
    callback(error);
  }

  handleError(error: Error): void {
    this.#listener = undefined;
    this.destroy(error);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.rowCount = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    // All was told before.
  }

  readonly #take = (came: Buffer): void => {
    let bytes = came;
    if (this.#head !== null) {
      bytes = Buffer.concat([this.#head, came]);
      this.#head = null;
    }
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const end = Math.min(at + this.#left, bytes.length);
        this.#left -= end - at;
        if (this.#isData) this.#fill(bytes, at, end);
        at = end;
        continue;
      }
      const code = bytes[at];
      if (code === ERROR_RESPONSE) {
        this.#giveBack(bytes.subarray(at));
        return;
      }
      if (bytes.length - at < HEAD) {
        this.#head = bytes.subarray(at);
        return;
      }
      if (code === COPY_DONE) {
        this.push(this.#piece.subarray(0, this.#filled));
        this.#giveBack(bytes.subarray(at + HEAD));
        this.push(null);
        return;
      }
      this.#isData = code === COPY_DATA;
      this.#left = bytes.readUInt32BE(at + 1) - (HEAD - 1);
      at += HEAD;
    }
  };

  #fill(bytes: Buffer, from: number, end: number): void {
    let at = from;
    while (at < end) {
      const taken = bytes.copy(this.#piece, this.#filled, at, end);
      at += taken;
      this.#filled += taken;
      if (this.#filled < PIECE_BYTES) return;
      if (!this.push(this.#piece)) this.#connection?.stream.pause();
      this.#piece = Buffer.allocUnsafe(PIECE_BYTES);
      this.#filled = 0;
    }
  }

  /** pg goes on with what is not of the rows. */
  #giveBack(rest: Buffer): void {
    const [stream, listener] = [this.#connection?.stream, this.#listener];
    this.#listener = undefined;
    if (stream === undefined || listener === undefined) return;
    stream.off('data', this.#take);
    stream.on('data', listener);
    if (rest.length > 0) listener(rest);
    stream.resume();
  }
}
