import type { CorpusSchema } from '../schema.js';

export default {
  name: '28-deferrable-keys',
  about: 'deferrable primary keys and unique constraints',
  make: `
CREATE TABLE by_late_key (id int PRIMARY KEY DEFERRABLE, v text);
CREATE TABLE late_unique (id int PRIMARY KEY, place int UNIQUE DEFERRABLE INITIALLY DEFERRED, other int UNIQUE DEFERRABLE, v text);
CREATE TABLE refers (id int PRIMARY KEY, late int);
INSERT INTO by_late_key SELECT n, 'v' FROM generate_series(1, 30) n;
INSERT INTO late_unique SELECT n, n, n, 'v' FROM generate_series(1, 30) n;
INSERT INTO refers SELECT n, n FROM generate_series(1, 30) n;`,
  forward: `
UPDATE by_late_key SET id = id + 1;
UPDATE late_unique SET v = 'forward' WHERE id < 5;
INSERT INTO refers VALUES (1000 + current_setting('corpus.round')::int, 1);`,
  back: `UPDATE late_unique SET v = 'back' WHERE id > 25; INSERT INTO refers VALUES (5000, 1); UPDATE by_late_key SET v = 'back';`,
  notBack: ['shop.by_late_key'],
} satisfies CorpusSchema as CorpusSchema;
