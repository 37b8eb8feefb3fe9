import type { CorpusSchema } from '../schema.js';

export default {
  name: '14-views',
  about: 'views of all sorts, materialized views upon each other, filled and not',
  make: `
CREATE TABLE t (id int PRIMARY KEY, v text, n numeric(8, 2));
CREATE TABLE log (line text);
CREATE VIEW plain AS SELECT id, v AS "The ""v""" FROM t WHERE n > 1;
CREATE VIEW barrier WITH (security_barrier, security_invoker) AS SELECT * FROM t WHERE n < 100;
CREATE VIEW checked AS SELECT * FROM t WHERE n < 50 WITH CASCADED CHECK OPTION;
CREATE VIEW on_views AS SELECT p.*, b.n FROM plain p JOIN barrier b USING (id) LEFT JOIN checked c ON c.id = p.id;
CREATE RECURSIVE VIEW upwards (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM upwards WHERE n < 5;
CREATE VIEW windows AS SELECT id, row_number() OVER w, sum(n) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t WINDOW w AS (PARTITION BY id % 3 ORDER BY id);
CREATE VIEW grouped AS SELECT id % 3 AS a, id % 2 AS b, count(*) FILTER (WHERE n > 5) FROM t GROUP BY GROUPING SETS ((1), (2), ());
CREATE VIEW odd AS SELECT x.*, '-- CREATE INDEX' AS "NOT VALID", $q$;$q$::text AS semicolon FROM t CROSS JOIN LATERAL (SELECT t.n * 2 AS d, t.*::t AS whole) x
  WHERE EXISTS (SELECT FROM log) OR id IN (SELECT 1 UNION SELECT 2 ORDER BY 1 LIMIT 5);
ALTER VIEW plain ALTER "The ""v""" SET DEFAULT 'default of a view';
CREATE VIEW writable AS SELECT id, v FROM t;
CREATE FUNCTION write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO shop.t VALUES (NEW.id, NEW.v, 0); RETURN NEW; END';
CREATE TRIGGER instead INSTEAD OF INSERT ON writable FOR EACH ROW EXECUTE FUNCTION write();
-- Two that need each other: a view that was made before what it reads.
CREATE VIEW loop_a AS SELECT 1 AS n;
CREATE VIEW loop_b AS SELECT n FROM loop_a;
CREATE MATERIALIZED VIEW a_last AS SELECT 1 AS n;
CREATE MATERIALIZED VIEW z_first AS SELECT id, n FROM t;
CREATE MATERIALIZED VIEW m_second AS SELECT sum(n) AS total FROM z_first;
CREATE VIEW between_them AS SELECT total + 1 AS more FROM m_second;
DROP MATERIALIZED VIEW a_last;
CREATE MATERIALIZED VIEW a_last AS SELECT more, (SELECT count(*) FROM z_first) FROM between_them;
CREATE UNIQUE INDEX ON z_first (id);
CREATE INDEX ON a_last (more);
CREATE MATERIALIZED VIEW never_filled AS SELECT * FROM t WITH NO DATA;
CREATE FUNCTION reads_a_view() RETURNS numeric LANGUAGE sql STABLE AS 'SELECT total FROM shop.m_second';
CREATE MATERIALIZED VIEW a_hidden AS SELECT shop.reads_a_view() AS total;
INSERT INTO t SELECT n, 'v' || n, n FROM generate_series(1, 100) n;
REFRESH MATERIALIZED VIEW z_first; REFRESH MATERIALIZED VIEW m_second; REFRESH MATERIALIZED VIEW a_last; REFRESH MATERIALIZED VIEW a_hidden;
INSERT INTO log VALUES ('started');`,
  forward: `
INSERT INTO writable VALUES (1000 + current_setting('corpus.round')::int, 'forward');
UPDATE checked SET v = 'forward' WHERE id = 5;
REFRESH MATERIALIZED VIEW z_first; REFRESH MATERIALIZED VIEW m_second; REFRESH MATERIALIZED VIEW a_last; REFRESH MATERIALIZED VIEW a_hidden;`,
  back: `INSERT INTO writable VALUES (5000, 'back'); REFRESH MATERIALIZED VIEW CONCURRENTLY z_first;`,
  notBack: ['shop.z_first'],
} satisfies CorpusSchema as CorpusSchema;
