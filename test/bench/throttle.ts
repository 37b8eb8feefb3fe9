import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server on which each connection gets so many bytes per second and no more, as over a long distance. */
export interface SlowWay {
  readonly port: number;
  close(): void;
}

/** @param bytesPerSecond what each connection may carry from the server to the client */
export async function slowWay(target: number, bytesPerSecond: number): Promise<SlowWay> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    let tokens = bytesPerSecond / 20;
    let last = performance.now();
    upstream.on('data', (piece: Buffer) => {
      const now = performance.now();
      tokens = Math.min(bytesPerSecond / 5, tokens + ((now - last) / 1000) * bytesPerSecond) - piece.length;
      last = now;
      client.write(piece);
      if (tokens >= 0) return;
      upstream.pause();
      setTimeout(() => upstream.resume(), (-tokens / bytesPerSecond) * 1000);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
