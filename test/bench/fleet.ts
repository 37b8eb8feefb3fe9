import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo } from '../../src/sandbox/shop.js';
import type { Server } from '../../src/sandbox/servers.js';
import { makeDatabasePair } from './database-pair.js';
import { median, type Measured } from './measure.js';

/** One command for a hundred databases: how long, with how much memory, and over how many connections. */

const LIMITS = { seconds: 6, megabytes: 250, connectionsPerPair: 3 } as const;
const DATABASES = 100;
const ROUNDS = 5;
const CONCURRENCY = 8;
const POLL_MS = 20;

/** What the servers must be able to hold: a worker that copies and one that manages, a slot and a sender for each pair. */
export const FLEET_SETTINGS = {
  max_connections: 600,
  max_replication_slots: 220,
  max_wal_senders: 220,
  max_worker_processes: 520,
} as const;

interface Servers {
  readonly source: Server;
  readonly destination: Server;
}

/**
 * @param belt runs belt in the project folder
 * @param out prints a line
 */
export async function fleet(
  folder: string,
  servers: Servers,
  belt: (folder: string, ...args: string[]) => Promise<Measured>,
  out: (line: string) => void,
): Promise<void> {
  const sql =
    'CREATE TABLE "Order" (id serial PRIMARY KEY, v text); INSERT INTO "Order" (v) SELECT \'x\' FROM generate_series(1, 100)';
  for (let n = 1; n <= DATABASES; n += 1) await makeDatabasePair(folder, `fleet_${String(n)}`, servers, sql);
  await statusOfAll('nothing set up', folder, servers, belt, out);
  const setup = await belt(folder, 'setup', 'bench');
  out(
    `fleet: setup of ${String(DATABASES)} databases: ${setup.seconds.toFixed(1)} s, ${setup.megabytes.toFixed(0)} MB`,
  );
  await sleep(5_000);
  await statusOfAll('all replicating', folder, servers, belt, out);
}

async function statusOfAll(
  state: string,
  folder: string,
  servers: Servers,
  belt: (folder: string, ...args: string[]) => Promise<Measured>,
  out: (line: string) => void,
): Promise<void> {
  const runs: Measured[] = [];
  let most = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const watch = await watchConnections(servers);
    runs.push(await belt(folder, 'status', 'bench'));
    most = Math.max(most, await watch.stop());
  }
  const seconds = median(runs.map((run) => run.seconds));
  const megabytes = Math.max(...runs.map((run) => run.megabytes));
  out(
    `fleet: status of ${String(DATABASES)} databases, ${state}: ${seconds.toFixed(2)} s (limit ${String(LIMITS.seconds)} s), ` +
      `${megabytes.toFixed(0)} MB (limit ${String(LIMITS.megabytes)} MB), ${String(most)} connections at the peak ` +
      `(limit ${String(LIMITS.connectionsPerPair * CONCURRENCY)}, for ${String(CONCURRENCY)} pairs in work)`,
  );
}

/** Counts belt's sessions on both servers, again and again. */
async function watchConnections({ source, destination }: Servers): Promise<{ stop: () => Promise<number> }> {
  const sessions = await Promise.all(
    (
      [
        ['src', source],
        ['dst', destination],
      ] as const
    ).map(([side, server]) => connectTo(server, side, 'postgres', server.superuser, server.password)),
  );
  const over = new AbortController();
  let most = 0;
  const counting = (async () => {
    while (!over.signal.aborted) {
      const counts = await Promise.all(
        sessions.map((session) =>
          session.one<{ n: number }>(
            "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'belt status %'",
          ),
        ),
      );
      most = Math.max(
        most,
        counts.reduce((sum, { n }) => sum + n, 0),
      );
      await sleep(POLL_MS);
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await counting;
      await Promise.all(sessions.map((session) => session.close()));
      return most;
    },
  };
}
