import type { CorpusSchema } from '../schema.js';

export default {
  name: '11-identities',
  about: 'CLUSTER ON, REPLICA IDENTITY of every kind, tables with only a unique index',
  make: `
CREATE TABLE clustered (id int PRIMARY KEY, v int);
CREATE INDEX by_v ON clustered (v);
ALTER TABLE clustered CLUSTER ON by_v;
CREATE TABLE clustered_on_key (id int PRIMARY KEY, v int);
ALTER TABLE clustered_on_key CLUSTER ON clustered_on_key_pkey;
CREATE TABLE by_index (a int NOT NULL, b text NOT NULL, v text);
CREATE UNIQUE INDEX by_index_unique ON by_index (b, a);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_unique;
CREATE TABLE by_constraint (a int NOT NULL, v text, CONSTRAINT once UNIQUE (a));
ALTER TABLE by_constraint REPLICA IDENTITY USING INDEX once;
CREATE TABLE key_and_index (id int PRIMARY KEY, other int NOT NULL UNIQUE, v text);
ALTER TABLE key_and_index REPLICA IDENTITY USING INDEX key_and_index_other_key;
CREATE TABLE only_unique (a int NOT NULL UNIQUE, v text);
CREATE TABLE only_nullable (a int UNIQUE, v text);
CREATE TABLE in_full (id int PRIMARY KEY, v text);
ALTER TABLE in_full REPLICA IDENTITY FULL;
CREATE TABLE none (id int PRIMARY KEY, v text);
ALTER TABLE none REPLICA IDENTITY NOTHING;
CREATE TABLE p (id int NOT NULL, v text) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE UNIQUE INDEX p_unique ON p (id);
ALTER TABLE p REPLICA IDENTITY USING INDEX p_unique;
ALTER TABLE p_1 REPLICA IDENTITY USING INDEX p_1_id_idx;
INSERT INTO clustered SELECT n, -n FROM generate_series(1, 50) n;
INSERT INTO clustered_on_key SELECT n, -n FROM generate_series(1, 50) n;
INSERT INTO by_index SELECT n, 'b' || n, 'v' FROM generate_series(1, 50) n;
INSERT INTO by_constraint SELECT n, 'v' FROM generate_series(1, 50) n;
INSERT INTO key_and_index SELECT n, n + 1000, 'v' FROM generate_series(1, 50) n;
INSERT INTO only_unique SELECT n, 'v' FROM generate_series(1, 50) n;
INSERT INTO only_nullable SELECT nullif(n, 3), 'v' FROM generate_series(1, 50) n;
INSERT INTO in_full SELECT n, 'v' FROM generate_series(1, 50) n;
INSERT INTO none SELECT n, 'v' FROM generate_series(1, 50) n;
INSERT INTO p SELECT n, 'v' FROM generate_series(0, 99) n;`,
  forward: `
INSERT INTO by_index VALUES (1000 + current_setting('corpus.round')::int, 'forward', 'v');
UPDATE by_index SET b = b || '!', v = 'forward' WHERE a < 5;
UPDATE by_constraint SET a = a + 100, v = 'forward' WHERE a < 5;
DELETE FROM key_and_index WHERE id = 10 + current_setting('corpus.round')::int;
UPDATE key_and_index SET other = other + 5000 WHERE id < 5;
INSERT INTO only_unique VALUES (1000 + current_setting('corpus.round')::int, 'forward');
UPDATE clustered SET v = v + 1;
INSERT INTO in_full VALUES (1000 + current_setting('corpus.round')::int, 'forward');
UPDATE p SET v = 'forward' WHERE id = 7;`,
  back: `
UPDATE by_index SET v = 'back' WHERE a < 10;
UPDATE by_constraint SET v = 'back';
DELETE FROM key_and_index WHERE id = 30;
INSERT INTO only_unique VALUES (5000, 'back');
UPDATE p SET v = 'back' WHERE id = 8;`,
  notBack: ['shop.only_unique'],
} satisfies CorpusSchema as CorpusSchema;
