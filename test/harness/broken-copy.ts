import type { BeltRun } from './belt.js';
import { until } from './migration.js';
import type { TestPair } from './pair.js';

/** The first is the biggest on disk and has next to no rows, so it is there at once; the second takes its time. */
export const TABLES = `
  CREATE TABLE "A first" (id int PRIMARY KEY, v text) WITH (autovacuum_enabled = false);
  CREATE TABLE "B second" (id int PRIMARY KEY, v text);
  CREATE TABLE "C third" (id int PRIMARY KEY, v text);
  CREATE TABLE "keyless" (v text);
  INSERT INTO "A first" SELECT i, repeat('x', 500) FROM generate_series(1, 6000) i;
  DELETE FROM "A first" WHERE id > 10;
  INSERT INTO "B second" SELECT i, repeat('x', 500) FROM generate_series(1, 4000) i;
  INSERT INTO "C third" SELECT i FROM generate_series(1, 50) i;
  INSERT INTO "keyless" VALUES ('x')`;

const SLOW = ['setup', '--jobs', '1', '--chunk-size', '200kB', '--max-rate', '15kB/s'] as const;

/** A copy of TABLES in the middle of its second table, which goes on until kill() is called. */
export async function copying(pair: TestPair): Promise<{ kill: () => Promise<BeltRun> }> {
  let resolve = (): void => undefined;
  const killOn = new Promise<void>((done) => (resolve = done));
  const run = pair.belt(SLOW, { killOn });
  await until('the second table is copied', async () => {
    const [there] = await pair.dst.sql<{ run: string | null }>("SELECT to_regclass('belt.copy_table') AS run");
    if (there?.run === null) return false;
    const rows = await pair.dst.sql(
      `SELECT FROM belt.copy_table t, pg_stat_progress_copy p
        WHERE t.table_name = 'A first' AND t.source_rows IS NOT NULL AND p.datname = current_database() AND p.bytes_processed > 0`,
    );
    return rows.length > 0;
  });
  return {
    kill: () => {
      resolve();
      return run;
    },
  };
}
