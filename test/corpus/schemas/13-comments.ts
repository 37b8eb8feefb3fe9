import type { CorpusSchema } from '../schema.js';

export default {
  name: '13-comments',
  about: 'comments on every kind of object, on indexes and constraints that are made later too',
  make: `
CREATE TYPE mood AS ENUM ('sad');
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN dom AS text CONSTRAINT dom_check CHECK (VALUE <> '');
CREATE COLLATION coll (LOCALE = 'C');
CREATE SEQUENCE seq;
CREATE FUNCTION fun(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE PROCEDURE proc(int) LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int);
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH CONFIGURATION conf (COPY = pg_catalog.simple);
CREATE TABLE t (id int CONSTRAINT t_key PRIMARY KEY, v text CONSTRAINT t_unique UNIQUE, n int CONSTRAINT t_check CHECK (n > 0));
CREATE TABLE f (id int PRIMARY KEY, t int CONSTRAINT f_foreign REFERENCES t, n int);
ALTER TABLE f ADD CONSTRAINT f_later CHECK (n > 0) NOT VALID;
ALTER TABLE f ADD CONSTRAINT f_foreign_later FOREIGN KEY (n) REFERENCES t NOT VALID;
ALTER DOMAIN dom ADD CONSTRAINT dom_later CHECK (VALUE <> 'x') NOT VALID;
CREATE INDEX later ON t (n);
CREATE TABLE p (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE INDEX p_later ON p (n);
CREATE STATISTICS stat ON v, n FROM t;
CREATE TRIGGER trig BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION trg();
CREATE RULE rul AS ON INSERT TO f WHERE NEW.n > 100 DO INSTEAD NOTHING;
CREATE POLICY pol ON t USING (true);
CREATE VIEW vi AS SELECT * FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
CREATE INDEX mv_index ON mv (n);
COMMENT ON SCHEMA shop IS 'of a schema; with -- dashes';
COMMENT ON TYPE mood IS 'of an enum';
COMMENT ON TYPE pair IS 'of a composite';
COMMENT ON COLUMN pair.b IS 'of a composite''s column';
COMMENT ON DOMAIN dom IS 'of a domain';
COMMENT ON CONSTRAINT dom_check ON DOMAIN dom IS 'of a domain''s constraint';
COMMENT ON CONSTRAINT dom_later ON DOMAIN dom IS 'of a NOT VALID one';
COMMENT ON COLLATION coll IS 'of a collation';
COMMENT ON SEQUENCE seq IS 'of a sequence';
COMMENT ON FUNCTION fun(int) IS 'of a function';
COMMENT ON PROCEDURE proc(int) IS 'of a procedure';
COMMENT ON AGGREGATE agg(int) IS 'of an aggregate';
COMMENT ON OPERATOR === (int, int) IS 'of an operator';
COMMENT ON TEXT SEARCH DICTIONARY dict IS 'of a dictionary';
COMMENT ON TEXT SEARCH CONFIGURATION conf IS 'of a configuration';
COMMENT ON TABLE t IS E'of a table\\nin two lines, with a \\\\ and $x$';
COMMENT ON COLUMN t.v IS '-- of a column';
COMMENT ON CONSTRAINT t_key ON t IS 'of a key';
COMMENT ON CONSTRAINT t_unique ON t IS 'of a unique';
COMMENT ON CONSTRAINT t_check ON t IS 'of a check';
COMMENT ON CONSTRAINT f_foreign ON f IS 'of a foreign key';
COMMENT ON CONSTRAINT f_later ON f IS 'of a NOT VALID check';
COMMENT ON CONSTRAINT f_foreign_later ON f IS 'of a NOT VALID foreign key';
COMMENT ON INDEX later IS 'of an index';
COMMENT ON INDEX t_key IS 'of an index of a key';
COMMENT ON INDEX p_later IS 'of a partitioned index';
COMMENT ON INDEX p_1_n_idx IS 'of a partition''s index';
COMMENT ON INDEX mv_index IS 'of an index of a materialized view';
COMMENT ON STATISTICS stat IS 'of statistics';
COMMENT ON TRIGGER trig ON t IS 'of a trigger';
COMMENT ON RULE rul ON f IS 'of a rule';
COMMENT ON POLICY pol ON t IS 'of a policy';
COMMENT ON VIEW vi IS 'of a view';
COMMENT ON COLUMN vi.v IS 'of a view''s column';
COMMENT ON MATERIALIZED VIEW mv IS 'of a materialized view';
COMMENT ON COLUMN mv.v IS 'of its column';
INSERT INTO t SELECT n, 'v' || n, n FROM generate_series(1, 20) n;
INSERT INTO f SELECT n, n, n FROM generate_series(1, 20) n;
REFRESH MATERIALIZED VIEW mv;`,
  forward: `INSERT INTO t VALUES (100 + current_setting('corpus.round')::int, 'f' || current_setting('corpus.round'), 5); REFRESH MATERIALIZED VIEW mv`,
  back: `UPDATE t SET n = 7; INSERT INTO f VALUES (500, 1, 1)`,
} satisfies CorpusSchema as CorpusSchema;
