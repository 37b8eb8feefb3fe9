import { listDatabases } from '../config/discover.js';
import { surveyConfig, type Surveyed } from '../config/survey.js';
import type { Environment } from '../environment.js';
import type { Pair } from '../pair/pair.js';

/** One end of a migration: a database on a server. */
export interface Configured {
  readonly database: string;
  readonly side: 'src' | 'dst';
}

/** The configs of a datacenter are read once a run, not once for each of its databases. */
const surveys = new WeakMap<Environment, Map<string, Promise<Surveyed[]>>>();

function survey({ environment, config: { dc } }: Pair): Promise<Surveyed[]> {
  const known = surveys.get(environment) ?? new Map<string, Promise<Surveyed[]>>();
  surveys.set(environment, known);
  const reading = known.get(dc) ?? readAll(environment, dc);
  known.set(dc, reading);
  return reading;
}

async function readAll({ cwd, variables }: Environment, dc: string): Promise<Surveyed[]> {
  const names = await listDatabases(cwd, dc).catch(() => []);
  return Promise.all(names.map((name) => surveyConfig(cwd, dc, name, variables)));
}

/** The databases of the pair's datacenter that are configured on a server, the pair's own among them. */
export async function databasesOn(
  pair: Pair,
  server: { host: string; port: number; db: string },
): Promise<Configured[]> {
  const found = new Map<string, Configured>();
  const add = (
    side: 'src' | 'dst',
    one: { host: string | null; port: number | null; db: string | null } | null,
  ): void => {
    const { host, port, db } = one ?? {};
    if (host?.toLowerCase() !== server.host.toLowerCase() || port !== server.port || typeof db !== 'string') return;
    found.set(JSON.stringify([side, db]), { side, database: db });
  };
  for (const { src, dst } of await survey(pair)) {
    add('src', src);
    add('dst', dst);
  }
  // Where a resolver finds the database there may be no config file yet.
  add('src', pair.config.src);
  add('dst', pair.config.dst);
  return [...found.values()];
}
