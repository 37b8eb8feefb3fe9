import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo } from '../../src/sandbox/shop.js';
import type { ServerInfo } from '../harness/providers/provider.js';
import type { Session } from '../../src/postgres/session.js';
import { makeDatabasePair } from './database-pair.js';
import { median, type Measured } from './measure.js';
import { slowWay } from './throttle.js';

/** belt's own copy beside pglogical's, in one run: local, and over a way that is slow for each connection. */

const SLOW = 15 * 1024 * 1024;
const WRITER_PAUSE_MS = 50;

/** About 2 GB in 8 tables. */
const EIGHT = `
  ${['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    .map(
      (name, place) => `
  CREATE TABLE t_${name} (id bigserial PRIMARY KEY, n int, v text, x numeric(12,2), t timestamptz);
  INSERT INTO t_${name} (n, v, x, t) SELECT g, md5(g::text) || repeat('x', 150), g / 7.0, now()
    FROM generate_series(1, ${String(Math.round(900_000 * (place === 0 ? 2.2 : 0.83)))}) g;`,
    )
    .join('\n')}`;

/** One table of about 1 GB. */
const ONE = `
  CREATE TABLE big (id bigserial PRIMARY KEY, n int, v text);
  INSERT INTO big (n, v) SELECT g, md5(g::text) || repeat('x', 180) FROM generate_series(1, 4000000) g;`;

const MANY = `DO $$ BEGIN FOR i IN 1..1000 LOOP
  EXECUTE format('CREATE TABLE s_%s (id serial PRIMARY KEY, v text)', i);
  EXECUTE format('INSERT INTO s_%s (v) SELECT md5(g::text) FROM generate_series(1, 100) g', i);
  END LOOP; END $$`;

interface Servers {
  readonly source: ServerInfo;
  readonly destination: ServerInfo;
}

type Belt = (folder: string, ...args: string[]) => Promise<Measured>;

export async function copy(bench: Bench): Promise<void> {
  const { folder, servers, belt, out } = bench;
  await compare('local, 8 tables', EIGHT, null, bench);
  // Servers in containers reach each other without the way that is made slow.
  if (servers.source.peer === undefined) {
    await compare('15 MB/s a connection, 8 tables', EIGHT, SLOW, bench);
    await compare('15 MB/s a connection, one table', ONE, SLOW, bench);
  }
  const { db } = await makeDatabasePair(folder, 'many', servers, MANY);
  const run = await belt(folder, 'setup', 'bench', db, '--copy', 'belt', '--json');
  out(
    `copy: 1,000 tables of 100 rows: ${stepSeconds(run, 'copy-tables').toFixed(1)} s, setup ${run.seconds.toFixed(1)} s`,
  );
}

export interface Bench {
  readonly folder: string;
  readonly servers: Servers;
  readonly belt: Belt;
  readonly out: (line: string) => void;
  readonly rounds: number;
}

let databases = 0;

async function compare(name: string, sql: string, rate: number | null, bench: Bench): Promise<void> {
  const { folder, servers, belt, out, rounds } = bench;
  const ratios: number[] = [];
  databases += 1;
  const { db } = await makeDatabasePair(folder, `copy_${String(databases)}`, servers, sql);
  await settle(servers, db);
  const way = rate === null ? undefined : await slowWay(servers.source.port, rate);
  if (way !== undefined) await through(folder, db, way.port);
  for (let round = 1; round <= rounds; round++) {
    const times: Record<'pglogical' | 'belt', number> = { pglogical: 0, belt: 0 };
    for (const who of ['pglogical', 'belt'] as const) {
      const stop = await startWriter(servers.source, db);
      try {
        const started = performance.now();
        const run = await belt(folder, 'setup', 'bench', db, '--copy', who, '--json');
        for (;;) {
          const { stdout } = await belt(folder, 'status', 'bench', db, '--json');
          const { results } = JSON.parse(stdout) as { results: { forward_replication: string }[] };
          if (results[0]?.forward_replication === 'replicating') break;
          await sleep(100);
        }
        const whole = (performance.now() - started) / 1000;
        // What comes before is the same for both: roles, nodes, schema.
        times[who] = whole - secondsUntil(run, 'check-destination');
        out(`    ${who}: setup ${whole.toFixed(1)} s, of it copy ${times[who].toFixed(1)} s`);
        if (who === 'belt') {
          for (const step of ['prepare-subscription', 'copy-tables', 'build-keys', 'hand-over', 'catch-up'])
            out(`    ${step}: ${stepSeconds(run, step).toFixed(1)} s`);
          out(`    ${run.megabytes.toFixed(0)} MB`);
        }
      } finally {
        await stop();
        await belt(folder, 'teardown', 'bench', db, '--full');
        await emptyDestination(servers, db);
      }
    }
    ratios.push(times.pglogical / times.belt);
    out(
      `copy, ${name}, round ${String(round)}: pglogical ${times.pglogical.toFixed(1)} s, belt ${times.belt.toFixed(1)} s`,
    );
  }
  way?.close();
  out(`copy, ${name}: belt is ${median(ratios).toFixed(2)} times as fast (median of ${String(rounds)})`);
}

/** How long all steps before one took. */
function secondsUntil({ stdout }: Measured, name: string): number {
  const { results } = JSON.parse(stdout) as { results: { steps: { name: string; duration_ms: number }[] }[] };
  const steps = results[0]?.steps ?? [];
  const before = steps.slice(
    0,
    steps.findIndex((step) => step.name === name),
  );
  return before.reduce((sum, { duration_ms }) => sum + duration_ms, 0) / 1000;
}

function stepSeconds({ stdout }: Measured, name: string): number {
  const { results } = JSON.parse(stdout) as { results: { steps: { name: string; duration_ms: number }[] }[] };
  return (results[0]?.steps.find((step) => step.name === name)?.duration_ms ?? 0) / 1000;
}

/** Has belt and the other server reach the source by another port. */
async function through(folder: string, db: string, port: number): Promise<void> {
  const file = join(folder, 'configs', 'bench', db, 'config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as { src: { port: number } };
  config.src.port = port;
  await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
}

async function startWriter(server: ServerInfo, db: string): Promise<() => Promise<void>> {
  const session: Session = await connectTo(server, 'src', db, server.superuser, server.password);
  const [table] = await session.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1 LIMIT 1",
  );
  const over = new AbortController();
  const work = (async () => {
    while (!over.signal.aborted) {
      await session.query(`INSERT INTO public."${table?.name ?? ''}" (n, v) VALUES (1, 'written')`);
      await sleep(WRITER_PAUSE_MS);
    }
  })();
  return async () => {
    over.abort();
    await work;
    await session.close();
  };
}

/** As a database is that has been in use for a while. */
async function settle({ source }: Servers, db: string): Promise<void> {
  const session = await connectTo(source, 'src', db, source.superuser, source.password);
  await session.query('VACUUM (ANALYZE)');
  await session.query('CHECKPOINT');
  await session.close();
}

/** As before the first round. The database is not dropped: pglogical 2.4.2 lets that hang. */
async function emptyDestination({ destination }: Servers, db: string): Promise<void> {
  const session = await connectTo(destination, 'dst', db, destination.superuser, destination.password);
  await session.query(
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC; CHECKPOINT',
  );
  await session.close();
}
