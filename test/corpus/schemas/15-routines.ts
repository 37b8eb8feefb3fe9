import type { CorpusSchema } from '../schema.js';

export default {
  name: '15-routines',
  about: 'functions, procedures, BEGIN ATOMIC bodies',
  make: `
CREATE TYPE row_type AS (a int, b text);
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE FUNCTION plus(n int, m int DEFAULT 1 + 1) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 AS 'SELECT n + m';
CREATE FUNCTION atomic(n int) RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM t WHERE t.id > n; END;
CREATE FUNCTION atomic_returns() RETURNS int LANGUAGE sql IMMUTABLE RETURN plus(1, 2);
CREATE PROCEDURE atomic_writes(i int, w text) LANGUAGE sql BEGIN ATOMIC
  INSERT INTO t VALUES (i, w);
  UPDATE t SET v = w || ';' WHERE id = i;
END;
CREATE PROCEDURE writes(INOUT a int, b text DEFAULT 'x') LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop, pg_temp SET work_mem = '8MB' AS $body$
BEGIN -- a comment; with $$ and ' in it
-- GRANT ALL ON t TO PUBLIC;
  INSERT INTO t VALUES (a, b) ON CONFLICT DO NOTHING;
  a := a + 1;
END $body$;
CREATE FUNCTION rows_of(VARIADIC ids int[]) RETURNS SETOF t LANGUAGE sql STABLE ROWS 7 AS 'SELECT * FROM shop.t WHERE id = ANY (ids)';
CREATE FUNCTION as_table(n int) RETURNS TABLE (a int, "b b" text) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT id, v FROM shop.t; END $$;
CREATE FUNCTION outs(IN a int, OUT b int, OUT c row_type) LANGUAGE sql AS $$ SELECT a, ROW(a, 'x')::shop.row_type $$;
CREATE FUNCTION anything(anyelement, anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION "Odd ""name""; --"("Arg ""1""" text) RETURNS text LANGUAGE sql AS $f$ SELECT $x$CREATE INDEX$x$ || "Arg ""1""" $f$;
CREATE FUNCTION overloaded(int) RETURNS text LANGUAGE sql AS $$ SELECT 'int' $$;
CREATE FUNCTION overloaded(text) RETURNS text LANGUAGE sql AS $$ SELECT 'text' $$;
CREATE FUNCTION needs_later() RETURNS int LANGUAGE sql AS 'SELECT shop.plus(1)';
CREATE FUNCTION calls_unknown() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN shop.not_there_yet(); END';
CREATE FUNCTION uses_row(t) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.v';
CREATE FUNCTION by_path() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM t';
CREATE TABLE uses (id int PRIMARY KEY, a int DEFAULT plus(1), b int CHECK (plus(b) > 0), c int DEFAULT atomic_returns());
CREATE INDEX ON uses (plus(a, 3));
CREATE VIEW reads AS SELECT u.*, atomic(u.id) FROM uses u;
INSERT INTO t SELECT n, 'v' FROM generate_series(1, 30) n;
INSERT INTO uses (id, b) SELECT n, n FROM generate_series(1, 30) n;`,
  forward: `
CALL atomic_writes(1000 + current_setting('corpus.round')::int, 'forward');
CALL writes(2000 + current_setting('corpus.round')::int);
INSERT INTO uses (id, b) VALUES (1000 + current_setting('corpus.round')::int, 9);`,
  back: `CALL atomic_writes(5000, 'back'); CALL writes(6000); INSERT INTO uses (id, b) VALUES (5000, 9);`,
} satisfies CorpusSchema as CorpusSchema;
