import type { CorpusSchema } from '../schema.js';

export default {
  name: '05-check-no-longer-true',
  about: 'CHECK constraints that were true when a row came in and are not any more',
  make: `
CREATE TABLE settings (name text PRIMARY KEY, v int);
CREATE FUNCTION current_limit() RETURNS int LANGUAGE sql STABLE AS $$ SELECT v FROM shop.settings WHERE name = 'limit' $$;
INSERT INTO settings VALUES ('limit', 1000);
CREATE TABLE coupon (id int PRIMARY KEY, valid_until timestamptz NOT NULL, CONSTRAINT not_over CHECK (valid_until > now()));
CREATE TABLE bid (id int PRIMARY KEY, v int, CONSTRAINT below_limit CHECK (v < shop.current_limit()));
CREATE TABLE keyless (v int CHECK (v < shop.current_limit()));
CREATE DOMAIN soon AS timestamptz CHECK (VALUE > now());
CREATE TABLE visit (id int PRIMARY KEY, at soon);
CREATE TABLE part (id int PRIMARY KEY, until timestamptz CONSTRAINT still CHECK (until > now())) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (1000);
INSERT INTO coupon SELECT n, now() + interval '300 ms' FROM generate_series(1, 100) n;
INSERT INTO visit SELECT n, now() + interval '300 ms' FROM generate_series(1, 100) n;
INSERT INTO part SELECT n, now() + interval '300 ms' FROM generate_series(1, 100) n;
INSERT INTO bid SELECT n, n FROM generate_series(1, 100) n;
INSERT INTO keyless SELECT n FROM generate_series(1, 100) n;
UPDATE settings SET v = 50;
SELECT pg_sleep(0.4);`,
  forward: `
INSERT INTO coupon VALUES (1000 + current_setting('corpus.round')::int, now() + interval '1 day');
INSERT INTO bid VALUES (1000 + current_setting('corpus.round')::int, 7);
DELETE FROM coupon WHERE id = 10 + current_setting('corpus.round')::int;`,
  back: `
INSERT INTO coupon VALUES (2000, now() + interval '1 day');
UPDATE bid SET v = 3 WHERE id = 90;
DELETE FROM part WHERE id = 7;`,
  exceptions: [
    {
      object: /^pg_constraint .* on shop\.(bid|keyless|coupon|soon|part|part_1)$/,
      problem: /^convalidated is false, not true; definition is .* NOT VALID/,
      how: 'noted',
      why: 'rows that are there break it, so PostgreSQL cannot make it valid; it holds for what is written from now on',
    },
  ],
  says: [['sync', /these stay NOT VALID: .*not_over.* on .*coupon.*rows break it/]],
} satisfies CorpusSchema as CorpusSchema;
