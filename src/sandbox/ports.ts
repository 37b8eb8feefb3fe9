import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { ToolError } from '../errors.js';

/** Below the range from which systems take the ports of outgoing connections, so that a restart finds its port free. */
const LOWEST = 15_000;
const HIGHEST = 32_000;
const TRIES = 200;

/**
 * A port of 127.0.0.1 on which nothing listens now.
 * @throws ToolError when none is found
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new ToolError(`found no free port between ${String(LOWEST)} and ${String(HIGHEST)} on 127.0.0.1`);
}

/** Whether a server could listen on the port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
