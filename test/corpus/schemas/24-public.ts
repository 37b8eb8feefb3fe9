import type { CorpusSchema } from '../schema.js';

export default {
  name: '24-public',
  about: 'schema public, with objects that count on the search_path',
  schemas: ['public'],
  make:
    `
CREATE TABLE rate (name text PRIMARY KEY, v numeric);
INSERT INTO rate VALUES ('vat', 1.2);
CREATE FUNCTION vat() RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT v FROM rate WHERE name = 'vat' $$;
CREATE FUNCTION norm(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT trimmed(lower(t)) $$;`.replace(
      'trimmed(lower(t))',
      'btrim(lower(t))',
    ) +
    `
CREATE FUNCTION norm2(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN norm(t) || '2'; END $$;
CREATE TABLE person (id serial PRIMARY KEY, name text NOT NULL, price numeric DEFAULT vat());
CREATE INDEX person_norm ON person (norm2(name));
CREATE VIEW gross AS SELECT id, price * vat() AS gross FROM person;
CREATE MATERIALIZED VIEW totals AS SELECT sum(price * vat()) AS total FROM person;
ALTER TABLE person ADD CONSTRAINT named CHECK (norm2(name) <> '2') NOT VALID;
INSERT INTO person (name) SELECT ' Name ' || n FROM generate_series(1, 30) n;
REFRESH MATERIALIZED VIEW totals;
COMMENT ON SCHEMA public IS 'the shop''s own';`,
  forward: `INSERT INTO person (name) VALUES ('forward'); UPDATE person SET price = 7 WHERE id = 3; REFRESH MATERIALIZED VIEW totals;`,
  back: `INSERT INTO person (name) VALUES ('back'); DELETE FROM person WHERE id = 4;`,
  fails: {
    command: 'create-indexes',
    message: /function norm\(text\) does not exist/,
    since: 17,
    findings: ['function public.norm2(t text)', 'function public.vat()'],
    how: 'refused',
    why: 'from PostgreSQL 17 on, indexes are built and views refreshed with a search_path of the server, whatever the session has',
  },
} satisfies CorpusSchema as CorpusSchema;
