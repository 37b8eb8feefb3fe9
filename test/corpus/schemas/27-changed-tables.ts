import type { CorpusSchema } from '../schema.js';

export default {
  name: '27-changed-tables',
  about: 'columns dropped, added with a default, retyped, reordered in partitions and children',
  make: `
CREATE TABLE t (gone int, id int, v text, gone_too text, PRIMARY KEY (id));
INSERT INTO t SELECT n, n, 'v', 'g' FROM generate_series(1, 40) n;
ALTER TABLE t DROP gone;
ALTER TABLE t DROP gone_too, ADD added int DEFAULT 42, ADD stable timestamptz DEFAULT now(), ADD plain text;
INSERT INTO t (id, v) SELECT n, 'w' FROM generate_series(41, 60) n;
ALTER TABLE t ALTER v TYPE varchar(20) USING v || '!', ALTER added SET DEFAULT 43;
CREATE TABLE k (a int, b int, c int);
INSERT INTO k SELECT n, n, n FROM generate_series(1, 30) n;
ALTER TABLE k DROP b, ADD d text DEFAULT 'missing';
CREATE TABLE p (x int, id int, y text, z int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (50);
CREATE TABLE p_2 (z int, gone int, y text, x int, id int NOT NULL, PRIMARY KEY (id));
ALTER TABLE p_2 DROP gone;
ALTER TABLE p ATTACH PARTITION p_2 FOR VALUES FROM (50) TO (100);
ALTER TABLE p DROP x, ADD w int DEFAULT 5;
INSERT INTO p (id, y, z) SELECT n, 'y', n FROM generate_series(1, 99) n;
CREATE TABLE parent (a int, id int PRIMARY KEY);
CREATE TABLE child (own text, PRIMARY KEY (id)) INHERITS (parent);
ALTER TABLE parent ADD later text DEFAULT 'l', DROP a;
INSERT INTO child (id, own) SELECT n, 'o' FROM generate_series(1, 20) n;
ALTER TABLE child ALTER later SET DEFAULT 'other';`,
  forward: `
INSERT INTO t (id, v) VALUES (1000 + current_setting('corpus.round')::int, 'forward');
UPDATE t SET plain = 'forward' WHERE id IN (5, 55);
UPDATE p SET y = 'forward' WHERE id IN (5, 55);
UPDATE parent SET later = 'forward' WHERE id < 4;`,
  back: `UPDATE t SET plain = 'back' WHERE id IN (6, 56); UPDATE p SET y = 'back', w = 1 WHERE id IN (6, 56); INSERT INTO child VALUES (100, DEFAULT, 'back');`,
} satisfies CorpusSchema as CorpusSchema;
