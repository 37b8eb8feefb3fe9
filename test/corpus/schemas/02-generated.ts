import type { CorpusSchema } from '../schema.js';

export default {
  name: '02-generated',
  about: 'generated columns',
  make: `
CREATE FUNCTION slug(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT replace(lower(t), ' ', '-') $$;
CREATE TABLE item (
  net numeric(10, 2) NOT NULL, gross numeric(10, 2) GENERATED ALWAYS AS (net * 1.2) STORED, id int PRIMARY KEY, title text,
  slug text GENERATED ALWAYS AS (shop.slug(title)) STORED UNIQUE, words tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(title, ''))) STORED);
CREATE INDEX item_words ON item USING gin (words);
CREATE TABLE keyless (a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE by_month (at date NOT NULL, month int GENERATED ALWAYS AS (extract(month FROM at)) STORED, id int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE by_month_1 PARTITION OF by_month FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE plain (id int PRIMARY KEY, v text);
INSERT INTO item (id, net, title) SELECT n, n / 3.0, 'Title No ' || n FROM generate_series(1, 300) n;
INSERT INTO keyless SELECT generate_series(1, 50);
INSERT INTO by_month (at, id) SELECT date '2024-01-01' + n, n FROM generate_series(1, 100) n;
INSERT INTO plain SELECT n, 'plain' FROM generate_series(1, 10) n;`,
  forward: `
INSERT INTO item (id, net, title) SELECT 1000 * current_setting('corpus.round')::int + n, n, NULL FROM generate_series(1, 10) n;
UPDATE item SET net = net + 1, title = 'New ' || id WHERE id BETWEEN 5 AND 20;
DELETE FROM item WHERE id = 30 + current_setting('corpus.round')::int;
INSERT INTO plain VALUES (100 * current_setting('corpus.round')::int, 'forward');`,
  back: `
UPDATE plain SET v = 'back' WHERE id = 3;
INSERT INTO plain VALUES (999, 'back');
UPDATE item SET net = net * 2 WHERE id < 10;`,
} satisfies CorpusSchema as CorpusSchema;
