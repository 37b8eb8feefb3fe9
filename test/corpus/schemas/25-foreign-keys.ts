import type { CorpusSchema } from '../schema.js';

export default {
  name: '25-foreign-keys',
  about: 'foreign keys in circles, to oneself, of several columns, deferrable, with every action',
  make: `
CREATE TABLE a (id int PRIMARY KEY, b int, parent int REFERENCES a ON DELETE SET NULL, x int, y int, UNIQUE (x, y));
CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY IMMEDIATE;
CREATE TABLE c (id int PRIMARY KEY, x int, y int, z int DEFAULT 1, FOREIGN KEY (x, y) REFERENCES a (x, y) MATCH FULL ON DELETE SET DEFAULT,
  FOREIGN KEY (z, x) REFERENCES a (x, y) ON DELETE SET NULL (z) ON UPDATE RESTRICT);
CREATE UNIQUE INDEX by_yx ON a (y, x);
CREATE TABLE d (id int PRIMARY KEY, x int, y int, FOREIGN KEY (y, x) REFERENCES a (y, x));
CREATE TABLE part (id int PRIMARY KEY, a int REFERENCES a) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
CREATE TABLE part_2 (a int, id int PRIMARY KEY);
ALTER TABLE part_2 ADD CONSTRAINT own_key FOREIGN KEY (a) REFERENCES a;
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES FROM (100) TO (200);
CREATE TABLE to_part (id int PRIMARY KEY, part int REFERENCES part);
CREATE TABLE to_leaf (id int PRIMARY KEY, part int REFERENCES part_2);
CREATE TABLE part_to_part (id int PRIMARY KEY, part int REFERENCES part) PARTITION BY HASH (id);
CREATE TABLE part_to_part_0 PARTITION OF part_to_part FOR VALUES WITH (MODULUS 1, REMAINDER 0);
BEGIN;
INSERT INTO a SELECT n, NULL, nullif(n / 2, 0), n, n + 1 FROM generate_series(1, 50) n;
INSERT INTO b SELECT n, n FROM generate_series(1, 50) n;
UPDATE a SET b = id;
INSERT INTO c SELECT n, n, n + 1, NULL FROM generate_series(1, 20) n;
INSERT INTO d SELECT n, n, n + 1 FROM generate_series(1, 20) n;
INSERT INTO part SELECT n, n % 50 + 1 FROM generate_series(1, 199) n;
INSERT INTO to_part SELECT n, n * 3 FROM generate_series(1, 50) n;
INSERT INTO to_leaf SELECT n, n + 100 FROM generate_series(1, 50) n;
INSERT INTO part_to_part SELECT n, n FROM generate_series(1, 50) n;
COMMIT;`,
  forward: `
BEGIN;
INSERT INTO a (id) VALUES (1000 + current_setting('corpus.round')::int);
INSERT INTO b VALUES (1000 + current_setting('corpus.round')::int, 1000 + current_setting('corpus.round')::int);
COMMIT;
-- Takes its own b, and what refers to it, along.
UPDATE part SET a = NULL WHERE a = 40 + current_setting('corpus.round')::int;
UPDATE a SET b = NULL WHERE id = 40 + current_setting('corpus.round')::int;
DELETE FROM a WHERE id = 40 + current_setting('corpus.round')::int;
DELETE FROM to_part WHERE id = current_setting('corpus.round')::int;`,
  back: `
UPDATE part SET a = NULL WHERE a = 45;
UPDATE a SET b = NULL WHERE id = 45;
DELETE FROM a WHERE id = 45;
INSERT INTO to_part VALUES (1000, 150);`,
} satisfies CorpusSchema as CorpusSchema;
