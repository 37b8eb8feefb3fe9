import { once } from 'node:events';
import { connect } from 'node:net';
import { InterruptedError } from '../errors.js';
import { reachError } from './failures.js';
import type { Address } from './session.js';

/**
 * Opens a TCP connection to the port and closes it again: PostgreSQL takes no notice of one that says nothing.
 * @param milliseconds after which it is given up, looking up the name included
 * @throws ConnectionError with the reason and what to do
 */
export async function reachPort(address: Address, milliseconds: number, signal: AbortSignal): Promise<void> {
  const host = address.hostaddr ?? address.host;
  // A host that is a folder stands for the Unix socket in it, as for libpq and the driver.
  const socket = host.startsWith('/')
    ? connect(`${host}/.s.PGSQL.${String(address.port)}`)
    : connect({ host, port: address.port });
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
  }, milliseconds);
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    if (signal.aborted) throw new InterruptedError('interrupted');
    throw reachError(error, address);
  } finally {
    clearTimeout(timer);
    socket.on('error', () => undefined).destroy();
  }
}
