import { connectTo } from '../../src/sandbox/shop.js';
import type { Server } from '../../src/sandbox/servers.js';
import { makeDatabasePair } from './database-pair.js';
import { median, type Measured } from './measure.js';

/**
 * How fast `validate-data --full` is, next to one server that only hashes its own rows: both in turn, so that a slow moment
 * of the machine meets both. And how much memory belt needs, with equal tables and with tables of which every row differs.
 */

const LIMITS = { share: 0.5, memory: 150 } as const;

/** Wide and narrow rows, long texts, a key of text, no key: the same on both sides. */
const TABLES = {
  mixed: `(id bigint PRIMARY KEY, a int NOT NULL, b text, c timestamptz, d numeric(12,2), e jsonb, f float8)`,
  narrow: `(id int PRIMARY KEY, a int NOT NULL)`,
  by_text: `(k text PRIMARY KEY, v text)`,
  keyless: `(a int, b text, d numeric)`,
  texts: `(id int PRIMARY KEY, body text)`,
} as const;

const ROWS: Readonly<Record<keyof typeof TABLES, { count: number; select: string }>> = {
  mixed: {
    count: 800_000,
    select: `g, g % 1000, md5(g::text), timestamptz '2024-01-01' + g * interval '1 s', g * 1.25, jsonb_build_object('k', g), g / 3.0`,
  },
  narrow: { count: 1_500_000, select: 'g, g % 1000' },
  by_text: { count: 300_000, select: `md5(g::text), 'value ' || g` },
  keyless: { count: 300_000, select: `g % 100000, md5((g % 100000)::text), g % 7 / 2.0` },
  texts: { count: 30_000, select: `g, repeat(md5(g::text), 100)` },
};

/** What makes every row differ. */
const CHANGES: Readonly<Record<keyof typeof TABLES, string>> = {
  mixed: 'a = a + 1',
  narrow: 'a = a + 1',
  by_text: `v = v || '!'`,
  keyless: 'd = d + 1',
  texts: `body = body || '!'`,
};

type Belt = (folder: string, args: readonly string[], exitCode?: number) => Promise<Measured>;

/**
 * @param belt runs belt in the folder, and throws when it does not end with the exit code expected
 * @param out writes a line
 */
export async function full(
  folder: string,
  servers: { source: Server; destination: Server },
  { rounds, belt, out }: { rounds: number; belt: Belt; out: (line: string) => void },
): Promise<void> {
  const names = Object.keys(TABLES) as (keyof typeof TABLES)[];
  const sql = names
    .map(
      (name) => `CREATE TABLE ${name} ${TABLES[name]};
        INSERT INTO ${name} SELECT ${ROWS[name].select} FROM generate_series(1, ${String(ROWS[name].count)}) AS g;`,
    )
    .join('\n');
  const { db } = await makeDatabasePair(folder, 'full', servers, sql);
  const connect = (side: 'src' | 'dst') => {
    const server = side === 'src' ? servers.source : servers.destination;
    return connectTo(server, side, db, server.superuser, server.password);
  };
  const [src, dst] = await Promise.all([connect('src'), connect('dst')]);
  await dst.query(`SET search_path = public; ${sql}`);
  await Promise.all([src, dst].map((session) => session.query('VACUUM ANALYZE')));
  // belt's sessions have settings of their own: the scan gets those of the server.
  await src.query('RESET ALL; SET jit = off');
  const rows = names.reduce((sum, name) => sum + ROWS[name].count, 0);
  const shares: number[] = [];
  const peaks: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const started = performance.now();
    for (const name of names) await src.query(`SELECT count(*) FROM public.${name} AS t WHERE md5(t::text) <> ''`);
    const scan = (performance.now() - started) / 1000;
    const run = await belt(folder, ['validate-data', 'bench', db, '--full', '--jobs', '2']);
    shares.push(scan / run.seconds);
    peaks.push(run.megabytes);
    out(
      `validate-data --full, round ${String(round)}: ${perSecond(rows, run.seconds)} rows/s on both sides, ` +
        `md5 over one side's rows: ${perSecond(rows, scan)} rows/s`,
    );
  }
  for (const name of names) await dst.query(`UPDATE public.${name} SET ${CHANGES[name]}`);
  const worst = await belt(folder, ['validate-data', 'bench', db, '--full', '--jobs', '2'], 1);
  await Promise.all([src.close(), dst.close()]);
  out(
    `validate-data --full: ${median(shares).toFixed(2)} of the rows per second that md5 over one side's rows does, ` +
      `median of ${String(rounds)} (at least ${String(LIMITS.share)})`,
  );
  out(
    `  ${Math.max(...peaks).toFixed(0)} MB where all is equal; ${worst.megabytes.toFixed(0)} MB and ${worst.seconds.toFixed(1)} s ` +
      `where all ${String(rows)} rows differ (limit ${String(LIMITS.memory)} MB)`,
  );
}

function perSecond(rows: number, seconds: number): string {
  return Math.round(rows / seconds).toLocaleString('en');
}
