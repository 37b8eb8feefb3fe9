import type { CorpusSchema } from '../schema.js';

export default {
  name: '04-not-valid',
  about: 'NOT VALID constraints of tables, partitions, children and domains, which rows break',
  make: `
CREATE TABLE target (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, v int, target int);
CREATE TABLE t_child (PRIMARY KEY (id)) INHERITS (t);
CREATE TABLE p (id int, v int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (100) TO (200);
CREATE DOMAIN word AS text;
CREATE TABLE worded (id int PRIMARY KEY, w word);
CREATE TABLE keyless (v int);
INSERT INTO target SELECT generate_series(1, 10);
INSERT INTO t SELECT n, -n, 1000 FROM generate_series(1, 50) n;
INSERT INTO t_child SELECT 100 + n, -n, 1000 FROM generate_series(1, 50) n;
INSERT INTO p SELECT n, -n FROM generate_series(0, 199) n;
INSERT INTO worded SELECT n, '' FROM generate_series(1, 20) n;
INSERT INTO keyless SELECT -n FROM generate_series(1, 20) n;
ALTER TABLE t ADD CONSTRAINT t_positive CHECK (v > 0) NOT VALID;
ALTER TABLE t ADD CONSTRAINT t_alone CHECK (v > 1) NO INHERIT NOT VALID;
ALTER TABLE t_child ADD CONSTRAINT child_positive CHECK (v > 2) NOT VALID;
ALTER TABLE t ADD CONSTRAINT t_target FOREIGN KEY (target) REFERENCES target ON DELETE SET NULL DEFERRABLE NOT VALID;
ALTER TABLE t_child ADD CONSTRAINT child_target FOREIGN KEY (target) REFERENCES target NOT VALID;
ALTER TABLE p ADD CONSTRAINT p_positive CHECK (v > 0) NOT VALID;
ALTER TABLE p_1 ADD CONSTRAINT p_1_large CHECK (v > 10) NOT VALID;
ALTER TABLE p_2 ADD CONSTRAINT p_2_target FOREIGN KEY (v) REFERENCES target NOT VALID;
ALTER TABLE p_2 ADD CONSTRAINT p_2_valid CHECK (v < 1000);
ALTER DOMAIN word ADD CONSTRAINT not_empty CHECK (VALUE <> '') NOT VALID;
ALTER TABLE keyless ADD CONSTRAINT keyless_positive CHECK (v > 0) NOT VALID;
COMMENT ON CONSTRAINT t_positive ON t IS 'of the table';
COMMENT ON CONSTRAINT child_target ON t_child IS 'of the child';
COMMENT ON CONSTRAINT p_1_large ON p_1 IS 'of the partition';
COMMENT ON CONSTRAINT not_empty ON DOMAIN word IS 'of the domain';`,
  forward: `
INSERT INTO t VALUES (1000 + current_setting('corpus.round')::int, 5, 5);
UPDATE p SET v = 11 WHERE id = 40 + current_setting('corpus.round')::int;
DELETE FROM p WHERE id = 50 + current_setting('corpus.round')::int;
INSERT INTO worded VALUES (100 + current_setting('corpus.round')::int, 'forward');`,
  back: `
INSERT INTO t VALUES (2000, 7, 7);
UPDATE t SET v = 8, target = 8 WHERE id = 3;
DELETE FROM t WHERE id = 4;`,
} satisfies CorpusSchema as CorpusSchema;
