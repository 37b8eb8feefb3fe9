import { describe, expect, it } from 'vitest';
import { awkwardSchema } from '../harness/awkward.js';
import { expectSuccess } from '../harness/commands.js';
import { expectEqual, must, until, untilReplicating, Writer } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Rows of the big tables: several pieces each at the size of pieces below. */
const ROWS = 60_000;

const SCHEMA = `
  CREATE TABLE "Parent" (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE big (id bigserial PRIMARY KEY, parent int REFERENCES "Parent", v text, n numeric, t timestamptz DEFAULT now());
  CREATE TABLE "other Big" (a int, b int, v text, PRIMARY KEY (a, b));
  CREATE TABLE computed (id serial PRIMARY KEY, price int, twice int GENERATED ALWAYS AS (price * 2) STORED);
  CREATE TABLE wide (id serial PRIMARY KEY, doc text);
  CREATE TABLE marks (id bigserial PRIMARY KEY, mark text);
  CREATE TABLE empty (id int PRIMARY KEY);
  INSERT INTO "Parent" SELECT i, 'parent ' || i FROM generate_series(1, 100) i;
  INSERT INTO big (parent, v, n) SELECT 1 + i % 100, repeat('x', i % 50), i / 7.0 FROM generate_series(1, ${String(ROWS)}) i;
  INSERT INTO "other Big" SELECT i, i % 7, md5(i::text) FROM generate_series(1, ${String(ROWS)}) i;
  INSERT INTO computed (price) SELECT i FROM generate_series(1, 2000) i;
  INSERT INTO wide (doc) SELECT repeat(md5(i::text), 2000) FROM generate_series(1, 300) i;
  CREATE FUNCTION work(mark text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO marks (mark) VALUES ($1);
    UPDATE big SET n = n + 1 WHERE id % 1000 = (hashtext($1) & 1023);
    INSERT INTO big (parent, v) VALUES (1, $1);
    DELETE FROM big WHERE id = (SELECT min(id) FROM big);
    UPDATE "other Big" SET v = $1 WHERE a = 1 + (hashtext($1) & 32767);
    INSERT INTO "other Big" SELECT max(a) + 1, 0, $1 FROM "other Big";
    INSERT INTO computed (price) VALUES (length($1));
    UPDATE computed SET price = price + 1 WHERE id = 1 + (hashtext($1) & 1023);
    UPDATE wide SET doc = doc || $1 WHERE id = 1 + (hashtext($1) & 255);
  $$`;

const COPY = ['setup', '--copy', 'belt', '--chunk-size', '1MB'] as const;

async function migrating(): Promise<{ pair: TestPair; writer: Writer }> {
  const pair = await testPair({ hostile: true, srcSql: SCHEMA });
  const { app } = pair.names;
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  await pair.src.ownerSql(
    `GRANT USAGE ON SCHEMA ${quoted(pair.schema)} TO ${quoted(app.name)};
     GRANT ALL ON ALL TABLES IN SCHEMA ${quoted(pair.schema)} TO ${quoted(app.name)};
     GRANT ALL ON ALL SEQUENCES IN SCHEMA ${quoted(pair.schema)} TO ${quoted(app.name)};
     ALTER FUNCTION work SET search_path = ${quoted(pair.schema)}`,
  );
  const writer = await Writer.start(pair.src, `SELECT ${quoted(pair.schema)}.work($1)`, {
    connections: 2,
    pauseMs: 20,
  });
  return { pair, writer };
}

/** Stops the writer, waits until all has arrived, and compares every row. */
async function expectWhole(pair: TestPair, writer: Writer): Promise<void> {
  await untilReplicating(pair.dst, 'pg1_pg2');
  await writer.stop();
  expect(writer.acknowledged.length).toBeGreaterThan(10);
  await must(pair, ['revoke-logins', '--disconnect']);
  await must(pair, ['teardown-forward-replication']);
  await must(pair, ['sync']);
  await expectEqual(pair);
}

describe("belt's own copy", () => {
  it('hands over to replication at exactly its point, under writes', async () => {
    const { pair, writer } = await migrating();
    const run = await must(pair, COPY);
    expectSuccess(run);
    await expectWhole(pair, writer);
  });

  it.each([50, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 2700])(
    'killed %d ms after it began, it goes on',
    async (ms) => {
      const { pair, writer } = await migrating();
      // At this rate the copy takes some three seconds.
      const run = await pair.belt([...COPY, '--max-rate', '8MB/s'], {
        killAtLine: { matches: /asleep until the rows are there/, afterMs: ms },
      });
      expect(run.signal, run.text).toBe('SIGKILL');
      await must(pair, COPY);
      await expectWhole(pair, writer);
    },
  );
});

describe('an awkward schema', () => {
  it('is copied', async () => {
    const pair = await testPair({ hostile: true, srcSql: (names) => awkwardSchema(names, 1000) });
    await must(pair, COPY);
    await until('all is there', () => Promise.resolve(true));
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
    await expectEqual(pair);
  });
});
