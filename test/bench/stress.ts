import { connectTo } from '../../src/sandbox/shop.js';
import type { Server } from '../../src/sandbox/servers.js';
import { qualified } from '../../src/postgres/quote.js';
import { makeDatabasePair } from './database-pair.js';
import type { Measured } from './measure.js';

/** What is hard for a copy: very many tables, very many rows, very wide rows. Time, memory, and whether all came alike. */

const MANY = `DO $$ BEGIN FOR i IN 1..1000 LOOP
  EXECUTE format('CREATE TABLE s_%s (id serial PRIMARY KEY, v text)', i);
  EXECUTE format('INSERT INTO s_%s (v) SELECT md5(g::text) FROM generate_series(1, 100) g', i);
  END LOOP; END $$`;

const LONG = `
  CREATE TABLE long (id bigint PRIMARY KEY, n int, v text);
  INSERT INTO long SELECT g, g % 1000, md5(g::text) FROM generate_series(1, 5000000) g;`;

/** Rows of 50 MB in four tables, so that each worker has one at a time; as text they take twice that on the way. */
const WIDE = `
  CREATE FUNCTION noise(mb int) RETURNS bytea LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(decode(repeat(md5(random()::text), 32768), 'hex'), '') FROM generate_series(1, mb * 2) $$;
  ${['a', 'b', 'c', 'd']
    .map(
      (
        name,
      ) => `CREATE TABLE wide_${name} (id int PRIMARY KEY, body bytea${name < 'c' ? '' : ", words xml DEFAULT '<a/>'"});
  ALTER TABLE wide_${name} ALTER COLUMN body SET STORAGE EXTERNAL;
  INSERT INTO wide_${name} (id, body) SELECT g, noise(50) FROM generate_series(1, 3) g;`,
    )
    .join('\n')}`;

interface Bench {
  readonly folder: string;
  readonly servers: { readonly source: Server; readonly destination: Server };
  readonly belt: (folder: string, ...args: string[]) => Promise<Measured>;
  readonly out: (line: string) => void;
}

export async function stress(bench: Bench): Promise<void> {
  await one(bench, 'many', '1,000 tables of 100 rows (limit 30 s)', MANY);
  await one(bench, 'long', 'a table of 5 million rows', LONG);
  await one(bench, 'wide', 'rows of 50 MB, in binary and as text', WIDE);
}

async function one({ folder, servers, belt, out }: Bench, name: string, what: string, sql: string): Promise<void> {
  const { db } = await makeDatabasePair(folder, `stress_${name}`, servers, sql);
  const run = await belt(folder, 'setup', 'bench', db, '--copy', 'belt', '--json');
  out(`stress, ${what}: ${run.seconds.toFixed(1)} s, ${run.megabytes.toFixed(0)} MB`);
  const { results } = JSON.parse(run.stdout) as {
    results: { steps: { name: string; duration_ms: number; message: string | null }[] }[];
  };
  for (const step of results[0]?.steps.filter(({ duration_ms }) => duration_ms > 300) ?? [])
    out(`    ${step.name.padEnd(28)} ${String(step.duration_ms).padStart(6)} ms  ${step.message ?? ''}`);
  const [source, destination] = await Promise.all([
    digest(servers.source, 'src', db),
    digest(servers.destination, 'dst', db),
  ]);
  if (source !== destination) throw new Error(`${what}: source and destination differ: ${source}, ${destination}`);
}

async function digest(server: Server, side: 'src' | 'dst', db: string): Promise<string> {
  const session = await connectTo(server, side, db, server.superuser, server.password);
  try {
    const tables = await session.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
    );
    const parts: string[] = [];
    for (const { name } of tables) {
      const { sum } = await session.one<{ sum: string }>(
        `SELECT count(*) || ':' || coalesce(sum(('x' || substr(md5(t::text), 1, 12))::bit(48)::bigint), 0) AS sum
           FROM ${qualified('public', name)} t`,
      );
      parts.push(sum);
    }
    return parts.join(' ');
  } finally {
    await session.close();
  }
}
