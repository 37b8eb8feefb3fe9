import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { ident, qualified } from '../../src/postgres/quote.js';
import { until, untilReplicating, Writer } from './migration.js';
import { testPair, type PairOptions, type TestDatabase, type TestPair } from './pair.js';
import { Proxy } from './proxy.js';
import { testServers } from './servers.js';

/** What tests of belt's own copy have in common: tables of all sorts, a writer to all of them, a proof by plain SQL. */

const schemaWith = (rows: number, documents: number): string => `
  CREATE TYPE mood AS ENUM ('sad', 'it''s "fine"');
  CREATE DOMAIN "Short" AS text CHECK (length(VALUE) < 1000);
  CREATE TYPE pair_of AS (mood mood, n int);
  CREATE TABLE "Parent" (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE big (id bigserial PRIMARY KEY, parent int REFERENCES "Parent", v text, n numeric, t timestamptz DEFAULT now());
  CREATE TABLE "other Big" (a int, b int, v text, PRIMARY KEY (a, b));
  CREATE TABLE computed (id serial PRIMARY KEY, price int, twice int GENERATED ALWAYS AS (price * 2) STORED);
  CREATE TABLE wide (id serial PRIMARY KEY, doc text);
  CREATE TABLE marks (id bigserial PRIMARY KEY, mark text);
  CREATE TABLE empty (id int PRIMARY KEY);
  CREATE DOMAIN "Shorter" AS "Short" CHECK (VALUE <> 'no');
  CREATE TABLE sorts (id int PRIMARY KEY, m mood, s "Shorter", n int[], w text[], d daterange, f tstzrange, t tsvector, j jsonb[], x numeric[]);
  CREATE TABLE kinds (id int PRIMARY KEY, m mood, ms mood[], s "Short", p pair_of, r numrange, x xml, c regclass, b bytea, f float8);
  INSERT INTO "Parent" SELECT i, 'parent ' || i FROM generate_series(1, 100) i;
  INSERT INTO big (parent, v, n) SELECT 1 + i % 100, repeat('x', i % 50), i / 7.0 FROM generate_series(1, ${String(rows)}) i;
  INSERT INTO "other Big" SELECT i, i % 7, md5(i::text) FROM generate_series(1, ${String(rows)}) i;
  INSERT INTO computed (price) SELECT i FROM generate_series(1, 2000) i;
  INSERT INTO wide (doc) SELECT repeat(md5(i::text), 2000) FROM generate_series(1, ${String(documents)}) i;
  INSERT INTO sorts SELECT i, 'it''s "fine"', 'short ' || i, ARRAY[i, NULL], ARRAY['a "b"', NULL, '\\x'], daterange('2020-01-01', '2020-01-01'::date + i),
         tstzrange(NULL, now()), to_tsvector('simple', 'b a ' || i), ARRAY['{"a": 1}'::jsonb, NULL], ARRAY['NaN', i / 7.0] FROM generate_series(1, 500) i;
  INSERT INTO kinds SELECT i, 'sad', ARRAY['sad', NULL, 'it''s "fine"']::mood[], 'short', ('sad', i)::pair_of, numrange(i, i + 1),
         '<a b="c"/>', 'pg_class', decode(lpad(to_hex(i), 8, '0'), 'hex'), 'NaN' FROM generate_series(1, 500) i;
  CREATE FUNCTION work(mark text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO marks (mark) VALUES ($1);
    UPDATE big SET n = n + 1 WHERE id % 1000 = (hashtext($1) & 1023);
    INSERT INTO big (parent, v) VALUES (1, $1);
    DELETE FROM big WHERE id = (SELECT min(id) FROM big);
    UPDATE "other Big" SET v = $1 WHERE a = 1 + (hashtext($1) & 65535) % ${String(rows / 2)};
    INSERT INTO "other Big" SELECT max(a) + 1, 0, $1 FROM "other Big";
    DELETE FROM "other Big" WHERE a = (hashtext($1) & 65535) % ${String(rows / 4)} + ${String((rows * 2) / 3)};
    INSERT INTO computed (price) VALUES (length($1));
    UPDATE computed SET price = price + 1 WHERE id = 1 + (hashtext($1) & 1023);
    DELETE FROM computed WHERE id = 1100 + (hashtext($1) & 511);
    UPDATE wide SET doc = doc || $1 WHERE id = 1 + (hashtext($1) & 65535) % ${String(documents)};
    UPDATE sorts SET m = 'sad', n = n || 1 WHERE id = 1 + (hashtext($1) & 255);
    DELETE FROM kinds WHERE id = 1 + (hashtext($1) & 127);
    UPDATE kinds SET m = 'it''s "fine"', s = $1 WHERE id = 200 + (hashtext($1) & 255);
    INSERT INTO empty SELECT count(*) FROM marks ON CONFLICT DO NOTHING;
  $$`;

export interface CopyOptions extends Omit<PairOptions, 'srcSql'> {
  /** In each of the two big tables; a multiple of 12. */
  readonly rows: number;
  /** Rows of 64 kB. */
  readonly documents: number;
}

/** A fresh database with these tables, and rights for the application. */
export async function copyPair({ rows, documents, ...options }: CopyOptions): Promise<TestPair> {
  const pair = await testPair({ hostile: true, srcSql: schemaWith(rows, documents), ...options });
  const [app, schema] = [ident(pair.names.app.name), ident(pair.schema)];
  await pair.src.ownerSql(
    `GRANT USAGE ON SCHEMA ${schema} TO ${app};
     GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${app};
     GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO ${app};
     ALTER FUNCTION work SET search_path = ${schema}`,
  );
  return pair;
}

/** A pair whose servers belt reaches by ways that can be cut; the servers reach each other as ever. */
export async function pairBehindProxies(options: CopyOptions): Promise<{ pair: TestPair; src: Proxy; dst: Proxy }> {
  const servers = await testServers();
  const [src, dst] = await Promise.all([Proxy.start(servers.src.info), Proxy.start(servers.dst.info)]);
  const pair = await copyPair({
    ...options,
    config: ({ src: source, dst: destination }) => {
      for (const [side, proxy] of [[source, src] as const, [destination, dst] as const]) {
        if (side === null) continue;
        side.peer_host ??= side.host;
        side.peer_port ??= Number(side.port);
        side.host = '127.0.0.1';
        side.port = proxy.port;
        side.sslmode = 'disable';
      }
    },
  });
  return { pair, src, dst };
}

/** What a session of belt's is at, as a condition on pg_stat_activity. */
export const AT = {
  // A small piece is read by the server faster than belt takes it.
  copying: "query LIKE 'COPY %'",
  keepingTheSnapshot: "backend_type = 'client backend' AND state = 'idle in transaction' AND backend_xmin IS NOT NULL",
  makingTheSlot: "backend_type = 'walsender' AND wait_event_type = 'Lock'",
  waitingForLock: "backend_type = 'client backend' AND wait_event_type = 'Lock'",
} as const;

/** Waits until a session of belt's is at this, and gives its server process. */
export async function sessionAt(side: TestDatabase, condition: string): Promise<number> {
  let pid: number | undefined;
  await until(`a session of belt's: ${condition}`, async () => {
    const [row] = await side.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belt setup%'
          AND ${condition} ORDER BY backend_start LIMIT 1`,
    );
    pid = row?.pid;
    return pid !== undefined;
  });
  return pid ?? 0;
}

/** Cuts the connection of a session of belt's that is at this: of one that belt itself does not give up at that moment. */
export async function cutAt(proxy: Proxy, side: TestDatabase, condition: string): Promise<void> {
  await until(`a connection is cut: ${condition}`, async () => proxy.cut(await sessionAt(side, condition)) === 1);
}

/** An application that inserts, updates and deletes in all tables. */
export function startWriter(pair: TestPair, pauseMs = 20): Promise<Writer> {
  return Writer.start(pair.src, `SELECT ${ident(pair.schema)}.work($1)`, { connections: 2, pauseMs });
}

/** Waits until so many pieces are on the destination, by the journal there. */
export async function untilCopied(pair: TestPair, pieces: number): Promise<void> {
  await until(`${String(pieces)} pieces are copied`, async () => (await piecesCopied(pair)) >= pieces);
}

async function piecesCopied(pair: TestPair): Promise<number> {
  const [there] = await pair.dst.sql<{ there: boolean }>(`SELECT to_regclass('belt.copy_chunk') IS NOT NULL AS there`);
  if (there?.there !== true) return 0;
  const [row] = await pair.dst.sql<{ n: number }>('SELECT count(*)::int AS n FROM belt.copy_chunk');
  return row?.n ?? 0;
}

/** Stops the writers, waits until the destination has all that was committed, and compares every row of every table. */
export async function expectSame(pair: TestPair, writers: readonly Writer[], hint = ''): Promise<void> {
  await untilReplicating(pair.dst, 'pg1_pg2');
  for (const writer of writers) await writer.stop();
  expect(writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)).toBeGreaterThan(10);
  const [fence] = await pair.src.sql<{ lsn: string }>(
    `SELECT pg_logical_emit_message(true, 'test', 'fence')::text AS lsn`,
  );
  await until('the destination has it all', async () => {
    const [slot] = await pair.src.sql<{ there: boolean }>(
      'SELECT bool_and(confirmed_flush_lsn >= $1::pg_lsn) AS there FROM pg_replication_slots WHERE database = current_database()',
      [fence?.lsn],
    );
    return slot?.there === true;
  });
  // What was confirmed may have been applied a moment before it is visible.
  await pause(100);
  const [src, dst] = await Promise.all([digests(pair.src, pair.schema), digests(pair.dst, pair.schema)]);
  expect(dst, hint).toEqual(src);
  const marks = writers.flatMap(({ acknowledged }) => acknowledged);
  const [kept] = await pair.dst.sql<{ n: number }>(
    `SELECT count(DISTINCT mark)::int AS n FROM ${qualified(pair.schema, 'marks')} WHERE mark = ANY ($1)`,
    [marks],
  );
  expect(kept?.n, hint).toBe(new Set(marks).size);
}

/** How many rows each table has, and a sum over the text of all of them, so that a row too many shows as well as one too few. */
async function digests(side: TestDatabase, schema: string): Promise<Record<string, unknown>[]> {
  const tables = await side.sql<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::regnamespace ORDER BY 1`,
    [ident(schema)],
  );
  return side.sql(
    tables
      .map(
        ({ name }, place) =>
          `SELECT ${String(place)} AS place, count(*) AS rows, sum(('x' || substr(md5(t::text), 1, 12))::bit(48)::bigint)::text AS sum
             FROM ${qualified(schema, name)} t`,
      )
      .join(' UNION ALL ') + ' ORDER BY place',
  );
}
