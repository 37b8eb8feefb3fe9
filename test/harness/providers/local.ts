import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeServerHome } from '../../../src/sandbox/folders.js';
import { chooseServers } from '../../../src/sandbox/installations.js';
import { Server, startServer, type ServerDescription } from '../../../src/sandbox/servers.js';
import { isGone, TEST_SETTINGS, type ManagedServer, type Provider, type ServerPair } from './provider.js';

/** In a home of servers: which test run they belong to. */
const NOTE = 'test-run.json';

interface Note {
  readonly pid: number;
  readonly servers: readonly ServerDescription[];
}

/**
 * Servers from the machine's own PostgreSQL.
 * @throws ToolError that says what to install
 */
export async function localProvider(): Promise<Provider> {
  const { source, destination } = await chooseServers(process.env['PATH']);
  await sweep();
  return {
    name: 'local',
    startPair: async (): Promise<ServerPair> => {
      const home = await makeServerHome(source);
      const start = (name: string, installation: typeof source): Promise<Server> =>
        startServer({ home, name, installation, settings: TEST_SETTINGS });
      const servers = await Promise.all([start('source', source), start('destination', destination)]);
      const note: Note = { pid: process.pid, servers: servers.map((server) => server.describe()) };
      await writeFile(join(home, NOTE), JSON.stringify(note), { mode: 0o600 });
      const [src, dst] = servers;
      return { src: managed(src), dst: managed(dst), remove: () => remove(home, servers) };
    },
  };
}

function managed(server: Server): ManagedServer {
  const { host, port, major, superuser, password } = server;
  return {
    info: { host, port, major, superuser, password },
    start: async () => {
      if (!(await server.isRunning())) await server.start();
    },
    stop: () => server.stop('fast'),
    kill: () => server.kill(),
    log: () => readFile(server.logFile, 'utf8'),
  };
}

async function remove(home: string, servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => server.remove()));
  await rm(home, { recursive: true, force: true });
}

/** Removes what test runs left behind that were killed. */
async function sweep(): Promise<void> {
  const parents = new Set([tmpdir(), '/tmp', '/var/tmp']);
  for (const parent of parents) {
    const names = await readdir(parent).catch(() => []);
    for (const home of names.filter((name) => name.startsWith('belt-servers-')).map((name) => join(parent, name))) {
      const text = await readFile(join(home, NOTE), 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      const note = JSON.parse(text) as Note;
      if (!isGone(note.pid)) continue;
      await remove(
        home,
        note.servers.map((description) => new Server(description)),
      );
    }
  }
}
