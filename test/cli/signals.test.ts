import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBelt } from '../harness/belt.js';
import { projectFolder } from '../unit/config/folder.js';
import { side } from '../unit/config/texts.js';

/** Signals as a terminal, `timeout` and npm send them. The server takes connections and falls silent, or is gone. */

/** Times at which one Ctrl-C may arrive again: both deliveries of `timeout` come within a millisecond. */
const AT_ONCE = [0, 1, 5, 20, 50];

const project = projectFolder();
let server: Server;

beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const silent = side({ host: '127.0.0.1', port, sslmode: 'disable' });
  await project.write(
    'configs/dc1/db1/config.json',
    JSON.stringify({ db: 'db1', dc: 'dc1', src: silent, dst: silent }),
  );
});

afterEach(() => server.close());

describe('a signal that comes twice', () => {
  it('at once is one: a watch ends well', async () => {
    // Lets go when all signals have come, so that the look at the database ends.
    const when = once(server, 'connection').then(([socket]: Socket[]) => {
      server.on('connection', (later: Socket) => later.destroy());
      setTimeout(() => socket?.destroy(), 200);
    });
    const signalOn = { signal: 'SIGINT' as const, when, afterMs: AT_ONCE };
    const run = await runBelt(project.path, ['status', 'dc1', 'db1', '--watch'], { signalOn });
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stderr, run.text).toBe('');
  });

  it('with a second between ends belt there and then', async () => {
    const signalOn = {
      signal: 'SIGINT' as const,
      when: once(server, 'connection'),
      afterMs: [...AT_ONCE, 1_000],
    };
    const run = await runBelt(project.path, ['status', 'dc1', 'db1'], { signalOn });
    expect(run.exitCode, run.text).toBe(130);
    // It did not wait until there was a result, and said once that it was interrupted.
    expect(run.stdout, run.text).toBe('');
    expect(run.stderr.match(/interrupted/g), run.text).toHaveLength(1);
    expect(run.durationMs).toBeGreaterThan(1_000);
  });
});
