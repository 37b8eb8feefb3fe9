import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Longer than any turn of the event loop, so that each message comes in a packet of its own. */
const PAUSE_MS = 20;

/** "ReadyForQuery": the server is done with a statement. */
const READY = 'Z'.charCodeAt(0);

/**
 * A network between a client and a server, on which what the server says comes one message at a time, and its "ready for
 * query" some time after the rest. Without TLS.
 * @returns the port of the loopback interface to connect to, and a function that ends it
 */
export async function slowWire(to: { host: string; port: number }): Promise<{ port: number; end: () => void }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((client) => {
    const upstream = connect(to.port, to.host);
    sockets.push(client, upstream);
    for (const [one, other] of [[client, upstream] as const, [upstream, client] as const]) {
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    client.pipe(upstream);
    void pass(upstream, client).catch(() => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    end: () => {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

/** Messages are a letter and a length that counts itself. */
async function pass(from: Socket, to: Socket): Promise<void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of from as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= rest.readUInt32BE(1) + 1) {
      const length = rest.readUInt32BE(1) + 1;
      if (rest[0] === READY) await pause(PAUSE_MS);
      to.write(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  }
}
