import { ident } from '../../../src/postgres/quote.js';
import type { CorpusSchema } from '../schema.js';

export default {
  name: '20-other-owner',
  about: 'tables, views, functions and sequences of another owner',
  make: `CREATE TABLE mine (id serial PRIMARY KEY, v text); INSERT INTO mine (v) SELECT 'v' FROM generate_series(1, 20);`,
  after: ({ app, owner }) => `
GRANT CREATE, USAGE ON SCHEMA shop TO ${ident(app.name)};
SET search_path = shop;
SET ROLE ${ident(app.name)};
CREATE TABLE theirs (id bigserial PRIMARY KEY, v text);
CREATE TABLE theirs_keyless (v int);
CREATE INDEX theirs_v ON theirs (v);
ALTER TABLE theirs ADD CONSTRAINT later CHECK (v <> '') NOT VALID;
CREATE FUNCTION theirs_f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE VIEW theirs_v1 AS SELECT * FROM theirs;
CREATE TYPE theirs_type AS ENUM ('a');
CREATE SEQUENCE theirs_seq;
GRANT ALL ON theirs, theirs_keyless, theirs_v1 TO ${ident(owner.name)};
GRANT ALL ON theirs_id_seq TO ${ident(owner.name)};
INSERT INTO theirs (v) SELECT 'v' || n FROM generate_series(1, 30) n;
INSERT INTO theirs_keyless SELECT generate_series(1, 30);
RESET ROLE;
CREATE TABLE of_superuser (id int PRIMARY KEY, mine int REFERENCES mine);
INSERT INTO of_superuser SELECT n, n FROM generate_series(1, 10) n;
GRANT ALL ON of_superuser TO ${ident(owner.name)};`,
  forward: `INSERT INTO theirs (v) VALUES ('forward'); INSERT INTO theirs_keyless VALUES (100); UPDATE of_superuser SET mine = 3 WHERE id = 4; UPDATE mine SET v = 'forward' WHERE id = 7;`,
  back: `INSERT INTO theirs (v) VALUES ('back'); UPDATE of_superuser SET mine = 5 WHERE id = 4;`,
} satisfies CorpusSchema as CorpusSchema;
