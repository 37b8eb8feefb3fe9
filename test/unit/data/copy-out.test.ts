import { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyOut } from '../../../src/data/copy-out.js';

/** A message as the server sends it. */
function message(code: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5, code);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const NOTHING = new Uint8Array();
const bytes = fc.uint8Array({ maxLength: 40 });
const rows = fc.array(bytes, { maxLength: 30 });
/** Where the network cuts. */
const cuts = fc.array(fc.nat({ max: 2_000 }), { maxLength: 30 });

function inPieces(all: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...[...new Set(at.filter((place) => place < all.length))].sort((a, b) => a - b), all.length];
  // Copies, as from a network: what came earlier is nobody's business.
  return places.slice(1).map((end, index) => Buffer.from(all.subarray(places[index], end)));
}

/** Lets a query take what comes, and gives what pg itself got to see. */
function connected(query: CopyOut): { stream: Duplex; seen: () => Buffer } {
  const stream = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const seen: Buffer[] = [];
  stream.on('data', (piece: Buffer) => seen.push(Buffer.from(piece)));
  query.submit({ stream, query: () => undefined });
  return { stream, seen: () => Buffer.concat(seen) };
}

const tick = (): Promise<void> => new Promise((done) => void setImmediate(done));

describe('rows that come from the server', () => {
  it('pass whole and in order, wherever the network cuts; what follows them is left to pg', async () => {
    await fc.assert(
      fc.asyncProperty(rows, rows, bytes, cuts, async (some, others, notice, at) => {
        const query = new CopyOut('COPY');
        const { stream, seen } = connected(query);
        const rest = message('C', Buffer.from('COPY 1\0'));
        const all = Buffer.concat([
          message('H', Buffer.from([0, 0, 0])),
          ...some.map((row) => message('d', row)),
          message('N', notice),
          ...others.map((row) => message('d', row)),
          message('c', NOTHING),
          rest,
        ]);
        const taken = buffer(query);
        for (const piece of inPieces(all, at)) {
          stream.push(piece);
          await tick();
        }
        expect(await taken).toEqual(Buffer.concat([...some, ...others]));
        expect(seen()).toEqual(rest);
      }),
    );
  });

  it('pass whole when one is longer than what goes on in one piece', async () => {
    const query = new CopyOut('COPY');
    const { stream } = connected(query);
    const some = [300_001, 5, 131_072, 0, 70_000].map((length, index) => Buffer.alloc(length, `row ${String(index)}`));
    const taken = buffer(query);
    const all = Buffer.concat([...some.map((row) => message('d', row)), message('c', NOTHING)]);
    for (const piece of inPieces(all, [8_192, 200_000, 300_007, 400_000])) {
      stream.push(piece);
      await tick();
    }
    expect((await taken).equals(Buffer.concat(some))).toBe(true);
  });

  it('end with the error that the server sends, of which pg makes one', async () => {
    await fc.assert(
      fc.asyncProperty(rows, cuts, async (some, at) => {
        const query = new CopyOut('COPY');
        const { stream, seen } = connected(query);
        const error = message('E', Buffer.from('SERROR\0\0'));
        const all = Buffer.concat([...some.map((row) => message('d', row)), error]);
        const taken = buffer(query).catch((reason: unknown) => reason);
        for (const piece of inPieces(all, at)) {
          stream.push(piece);
          await tick();
        }
        expect(seen()).toEqual(error);
        query.handleError(new Error('from the server'));
        expect(await taken).toEqual(new Error('from the server'));
        expect(stream.destroyed).toBe(false);
      }),
    );
  });
});

it('rows that nobody wants any more end the connection', async () => {
  const query = new CopyOut('COPY');
  const { stream } = connected(query);
  query.on('error', () => undefined);
  stream.push(message('d', Buffer.from('row')));
  await tick();
  query.destroy(new Error('the other side has failed'));
  await tick();
  expect(stream.destroyed).toBe(true);
});
