import { expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { holding, must, until, expectEqual, type Json } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Big by their pages, so that their keys wait for the rows, with little to copy. The first is the bigger one. */
const SRC_SQL = ['The First', 'second', 'third']
  .map(
    (name, place) => `
      CREATE TABLE "${name}" (id int, code text, n int, CONSTRAINT "Key of ${name}" PRIMARY KEY (id),
                              CONSTRAINT "${name}_code" UNIQUE (code)) WITH (fillfactor = 10);
      INSERT INTO "${name}" SELECT g, 'code ' || g, 0 FROM generate_series(1, ${String(40_000 - place * 1_000)}) g;
      ANALYZE "${name}";`,
  )
  .join('\n');

const SLOWLY = ['setup', '--jobs', '1', '--max-rate', '1MB/s', '--json'] as const;

async function keysOf(pair: TestPair): Promise<string[]> {
  const rows = await pair.dst.sql<{ name: string }>(
    "SELECT conname AS name FROM pg_constraint WHERE contype IN ('p', 'u') AND connamespace = $1::regnamespace ORDER BY 1",
    [ident(pair.schema)],
  );
  return rows.map(({ name }) => name);
}

async function journal(pair: TestPair): Promise<{ begun: boolean; whole: number }> {
  const [found] = await pair.dst.sql<{ there: boolean }>("SELECT to_regclass('belt.copy_table') IS NOT NULL AS there");
  if (found?.there !== true) return { begun: false, whole: 0 };
  const [row] = await pair.dst.sql<{ begun: boolean; whole: number }>(
    'SELECT count(*) > 0 AS begun, count(source_rows)::int AS whole FROM belt.copy_table',
  );
  return row ?? { begun: false, whole: 0 };
}

it('keys of a table that is whole are built while others are copied; what is held up is built in the end', async () => {
  const pair = await testPair({ srcSql: SRC_SQL, hostile: true });
  const running = must(pair, SLOWLY);
  await until('the copy has begun', async () => (await journal(pair)).begun);
  expect(await keysOf(pair)).toEqual([]);

  await until('keys of the first', async () => (await keysOf(pair)).length === 2);
  expect((await journal(pair)).whole).toBeLessThan(3);
  // Copying goes on beside somebody who keeps the second's keys from being built.
  const second = `${ident(pair.schema)}."second"`;
  await holding(pair.dst, `LOCK TABLE ${second} IN ACCESS SHARE MODE`, async () => {
    await until('keys of the third', async () => (await keysOf(pair)).some((name) => name === 'Key of third'));
    expect(await keysOf(pair)).not.toContain('Key of second');
  });

  const [row] = (await running).json<Json>().results;
  const step = (name: string) => row?.steps.find((one) => one.name === name);
  expect(step('build-keys')).toMatchObject({
    status: 'ok',
    message: expect.stringMatching(/^built 2, and 4 while other tables were copied$/) as string,
  });
  expect(await keysOf(pair)).toHaveLength(6);
  await expectEqual(pair, { sequences: false });
}, 60_000);
