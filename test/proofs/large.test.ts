import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { qualified } from '../../src/postgres/quote.js';
import type { BeltRun } from '../harness/belt.js';
import { must } from '../harness/migration.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';

/** What is hard for a copy: very many rows, very many tables, very wide rows, types that have no binary format. */

const LONG = `
  CREATE TABLE long (id bigint PRIMARY KEY, n int, v text);
  INSERT INTO long SELECT g, g % 1000, md5(g::text) FROM generate_series(1, 5000000) g`;

const MANY = `DO $$ BEGIN FOR i IN 1..1000 LOOP
  EXECUTE format('CREATE TABLE s_%s (id serial PRIMARY KEY, v text)', i);
  EXECUTE format('INSERT INTO s_%s (v) SELECT md5(g::text) FROM generate_series(1, 20) g', i);
  END LOOP; END $$`;

/**
 * Rows of 50 MB in four tables, so that each worker has one at a time: in binary, and as text, since aclitem has no binary
 * format, where they take twice that on the way; and one of 400 MB.
 */
const WIDE = `
  CREATE FUNCTION noise(mb int) RETURNS bytea LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(decode(repeat(md5(random()::text), 32768), 'hex'), '') FROM generate_series(1, mb * 2) $$;
  ${['a', 'b', 'c', 'd']
    .map(
      (name) => `
  CREATE TABLE wide_${name} (id int PRIMARY KEY, body bytea${name < 'c' ? '' : ", may aclitem DEFAULT '=r/postgres'"});
  ALTER TABLE wide_${name} ALTER COLUMN body SET STORAGE EXTERNAL;
  INSERT INTO wide_${name} (id, body) SELECT g, noise(50) FROM generate_series(1, 2) g;`,
    )
    .join('\n')}
  CREATE TABLE widest (id int PRIMARY KEY, body bytea);
  ALTER TABLE widest ALTER COLUMN body SET STORAGE EXTERNAL;
  INSERT INTO widest SELECT 1, string_agg(noise(50), '') FROM generate_series(1, 8);`;

/** How many rows each table has, and a sum over the text of all of them. */
async function digests(side: TestDatabase, schema: string): Promise<readonly unknown[]> {
  const tables = await side.sql<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::regnamespace ORDER BY 1`,
    [`"${schema}"`],
  );
  const all: unknown[] = [];
  for (const { name } of tables) {
    const [row] = await side.sql(
      `SELECT count(*)::int AS rows, sum(('x' || substr(md5(t::text), 1, 12))::bit(48)::bigint)::text AS sum
         FROM ${qualified(schema, name)} t`,
    );
    all.push({ name, ...row });
  }
  return all;
}

async function expectSameRows({ src, dst, schema }: TestPair, tables: number): Promise<void> {
  const [wanted, found] = await Promise.all([digests(src, schema), digests(dst, schema)]);
  expect(found).toEqual(wanted);
  expect(wanted).toHaveLength(tables);
}

/** Runs setup as a process of its own. @returns also the most memory that it had, in MB */
async function setup(pair: TestPair): Promise<{ run: BeltRun; megabytes: number }> {
  let megabytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const run = await must(pair, ['setup'], {
    ownProcess: true,
    onStart: (pid) => {
      const look = async (): Promise<void> => {
        const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
        megabytes = Math.max(megabytes, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
      };
      timer = setInterval(() => void look(), 100);
    },
  }).finally(() => {
    clearInterval(timer);
  });
  return { run, megabytes };
}

it('copies a table of five million rows', { timeout: 300_000 }, async () => {
  const pair = await testPair({ srcSql: LONG });
  const { run } = await setup(pair);
  expect(run.stderr).toMatch(/copy the rows \(5000000 rows of 1 tables/);
  await expectSameRows(pair, 1);
});

it('copies a thousand small tables', { timeout: 300_000 }, async () => {
  const pair = await testPair({ srcSql: MANY });
  const { run } = await setup(pair);
  expect(run.stderr).toMatch(/copy the rows \(20000 rows of 1000 tables/);
  await expectSameRows(pair, 1000);
});

it.runIf(process.platform === 'linux')(
  'copies rows of 50 and of 400 MB, in binary and as text, and never holds one of them',
  { timeout: 300_000 },
  async () => {
    const pair = await testPair({ srcSql: WIDE });
    const { megabytes } = await setup(pair);
    await expectSameRows(pair, 5);
    expect(megabytes).toBeGreaterThan(30);
    expect(megabytes).toBeLessThan(300);
  },
);
