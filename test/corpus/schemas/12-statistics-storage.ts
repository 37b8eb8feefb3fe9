import type { CorpusSchema } from '../schema.js';

export default {
  name: '12-statistics-storage',
  about: 'extended statistics, statistics targets, storage, compression, options of tables and columns',
  make: `
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c bytea, d text);
ALTER TABLE t ALTER a SET STATISTICS 10, ALTER b SET STATISTICS 0, ALTER b SET STORAGE EXTERNAL, ALTER c SET STORAGE MAIN, ALTER d SET STORAGE PLAIN,
  ALTER a SET (n_distinct = -0.5, n_distinct_inherited = 7), ALTER b SET COMPRESSION pglz,
  SET (fillfactor = 77, autovacuum_enabled = false, toast_tuple_target = 500, toast.autovacuum_vacuum_threshold = 99, user_catalog_table = true);
CREATE STATISTICS dependencies (dependencies, ndistinct) ON a, b FROM t;
CREATE STATISTICS "most; common" (mcv) ON a, id, d FROM t;
CREATE STATISTICS expressions ON (a % 7), lower(b), a FROM t;
ALTER STATISTICS dependencies SET STATISTICS 500;
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1, 2, 3) WITH (parallel_workers = 3);
ALTER TABLE p ALTER b SET STATISTICS 33;
ALTER TABLE p_1 ALTER b SET STATISTICS 44;
CREATE STATISTICS of_parts ON a, b FROM p;
CREATE MATERIALIZED VIEW mv WITH (fillfactor = 88) AS SELECT a, b FROM t;
ALTER MATERIALIZED VIEW mv ALTER b SET STATISTICS 55;
ALTER MATERIALIZED VIEW mv ALTER b SET STORAGE EXTERNAL;
CREATE STATISTICS of_mv ON a, b FROM mv;
COMMENT ON STATISTICS dependencies IS 'two kinds';
INSERT INTO t SELECT n, n % 10, repeat('b', n * 20), convert_to(repeat('c', n), 'UTF8'), 'd' FROM generate_series(1, 200) n;
INSERT INTO p SELECT n % 3 + 1, n FROM generate_series(1, 100) n;
REFRESH MATERIALIZED VIEW mv;`,
  forward: `
INSERT INTO t SELECT 1000 * current_setting('corpus.round')::int + n, n, repeat('forward', 2000) FROM generate_series(1, 5) n;
-- What is stored out of line does not change, and is not sent.
UPDATE t SET a = a + 1 WHERE id > 190;
REFRESH MATERIALIZED VIEW mv;`,
  back: `UPDATE t SET a = a + 1; UPDATE t SET b = repeat('back', 5000) WHERE id < 4;`,
} satisfies CorpusSchema as CorpusSchema;
