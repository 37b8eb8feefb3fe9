import type { CorpusSchema } from '../schema.js';

export default {
  name: '10-indexes',
  about:
    'expression, partial, covering, NULLS NOT DISTINCT indexes, exclusion constraints; INVALID ones left out and named',
  make: `
CREATE FUNCTION folded(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$;
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c jsonb, d daterange, w tsvector, e text UNIQUE);
CREATE INDEX expression ON t (folded(b) DESC NULLS LAST, (a + 1));
CREATE INDEX partial ON t (a) WHERE b LIKE 'x; CREATE%' AND a IS NOT NULL;
CREATE INDEX covering ON t (a) INCLUDE (b, d) WITH (fillfactor = 60);
CREATE UNIQUE INDEX not_distinct ON t (a, e) NULLS NOT DISTINCT;
ALTER TABLE t ADD CONSTRAINT not_distinct_constraint UNIQUE NULLS NOT DISTINCT (id, e);
CREATE INDEX patterns ON t (b text_pattern_ops, b COLLATE "C");
CREATE INDEX gin ON t USING gin (c jsonb_path_ops, w);
CREATE INDEX gist ON t USING gist (d, w);
CREATE INDEX brin ON t USING brin (a) WITH (pages_per_range = 4, autosummarize = on);
CREATE INDEX hash ON t USING hash (b);
CREATE INDEX spgist ON t USING spgist (b);
CREATE INDEX with_target ON t (lower(b), upper(b));
ALTER INDEX with_target ALTER COLUMN 1 SET STATISTICS 500;
ALTER INDEX with_target ALTER COLUMN 2 SET STATISTICS 0;
CREATE TABLE booking (room int, during tsrange, cancelled bool, id int PRIMARY KEY,
  CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WHERE (NOT cancelled),
  CONSTRAINT later EXCLUDE USING btree (room WITH =, id WITH =) DEFERRABLE INITIALLY DEFERRED);
CREATE UNIQUE INDEX for_key ON t (e, id) INCLUDE (a);
CREATE UNIQUE INDEX rests ON t (b);
CREATE TABLE refers (id int PRIMARY KEY, b text REFERENCES t (b) ON UPDATE CASCADE);
CREATE INDEX broken ON t (a, b, e);
CREATE INDEX "broken; too" ON refers (b);
CREATE MATERIALIZED VIEW mv AS SELECT a, b FROM t;
CREATE UNIQUE INDEX of_mv ON mv (a) WHERE a > 0;
COMMENT ON INDEX partial IS 'CREATE INDEX partial; --';
COMMENT ON INDEX of_mv IS 'of a materialized view';
COMMENT ON CONSTRAINT no_overlap ON booking IS 'exclusion';
INSERT INTO t SELECT n, nullif(n, 7), 'B ' || n, jsonb_build_object('n', n), daterange('2020-01-01', date '2020-01-01' + n), 'a b', 'e' || n
  FROM generate_series(1, 200) n;
INSERT INTO booking SELECT 1, tsrange(timestamp '2020-01-01' + n * interval '1 day', timestamp '2020-01-01' + (n + 1) * interval '1 day'), false, n
  FROM generate_series(1, 50) n;
INSERT INTO refers SELECT n, 'B ' || n FROM generate_series(1, 50) n;
REFRESH MATERIALIZED VIEW mv;`,
  // As a CREATE INDEX CONCURRENTLY that failed leaves them.
  after: `UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('shop.broken'::regclass, 'shop."broken; too"'::regclass)`,
  says: [['setup', /left out, as they are INVALID: broken, broken; too/]],
  forward: `
INSERT INTO t SELECT 1000 * current_setting('corpus.round')::int + n, 1000 * current_setting('corpus.round')::int + n, 'forward ' || current_setting('corpus.round') || n FROM generate_series(1, 9) n;
UPDATE t SET b = 'Forward ' || id WHERE id BETWEEN 10 AND 20;
UPDATE booking SET cancelled = true WHERE id = 10 + current_setting('corpus.round')::int;
REFRESH MATERIALIZED VIEW mv;`,
  back: `
INSERT INTO t (id, a, b) VALUES (9000, 9000, 'back');
UPDATE t SET b = 'Back ' || id WHERE id BETWEEN 10 AND 20;
DELETE FROM booking WHERE id = 20;`,
} satisfies CorpusSchema as CorpusSchema;
