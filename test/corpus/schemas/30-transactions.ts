import type { CorpusSchema } from '../schema.js';

export default {
  name: '30-transactions',
  about: 'large and nested transactions, rolled back ones, TRUNCATE, keys that change places',
  make: `
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE);
CREATE TABLE emptied (id serial PRIMARY KEY, v text);
INSERT INTO t SELECT n, 'v' FROM generate_series(1, 3000) n;
INSERT INTO u SELECT n, n FROM generate_series(1, 3000) n;
INSERT INTO emptied (v) SELECT 'v' FROM generate_series(1, 100) n;`,
  forward: `
BEGIN;
INSERT INTO t SELECT 10000 * current_setting('corpus.round')::int + n, 'large' FROM generate_series(1, 3000) n;
SAVEPOINT a;
UPDATE t SET v = 'never';
ROLLBACK TO a;
SAVEPOINT b;
UPDATE t SET v = v || '!' WHERE id % 7 = 0;
RELEASE b;
DELETE FROM t WHERE id % 11 = current_setting('corpus.round')::int;
COMMIT;
BEGIN; DELETE FROM t; ROLLBACK;
BEGIN; UPDATE t SET id = -id WHERE id < 100; UPDATE t SET id = -id + 100000 * current_setting('corpus.round')::int WHERE id < 0; COMMIT;
TRUNCATE emptied;
INSERT INTO emptied (v) SELECT 'forward' FROM generate_series(1, 10);`.replace(
    'UPDATE t SET id = -id WHERE id < 100;',
    'DELETE FROM u WHERE t < 100; UPDATE t SET id = -id WHERE id < 100;',
  ),
  back: `
BEGIN; UPDATE t SET v = 'back' WHERE id % 5 = 0; SAVEPOINT a; DELETE FROM u; ROLLBACK TO a; COMMIT;
TRUNCATE emptied RESTART IDENTITY;
INSERT INTO emptied (v) SELECT 'back' FROM generate_series(1, 5);
DELETE FROM t WHERE id % 13 = 0;`,
} satisfies CorpusSchema as CorpusSchema;
