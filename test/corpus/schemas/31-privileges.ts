import { ident } from '../../../src/postgres/quote.js';
import type { TestNames } from '../../harness/names.js';
import type { CorpusSchema } from '../schema.js';

/** Roles of the source alone. */
const role = ({ id }: TestNames, name: string): string => ident(`corpus ${id}: ${name} "x"`);

export default {
  name: '31-privileges',
  about: 'grants to roles that the destination lacks, of columns too, passed on, default ones, and what PUBLIC may not',
  options: { setup: ['--create-roles'] },
  before: (names) => `
CREATE ROLE ${role(names, 'reads')}; CREATE ROLE ${role(names, 'writes')} NOINHERIT; CREATE ROLE ${role(names, 'passes on')};
CREATE ROLE ${role(names, 'owns')};
GRANT ${role(names, 'reads')} TO ${role(names, 'writes')};
GRANT CONNECT ON DATABASE ${ident(names.database)} TO ${role(names, 'reads')};
REVOKE TEMPORARY ON DATABASE ${ident(names.database)} FROM PUBLIC;`,
  make: (names) => `
CREATE TABLE t (id serial PRIMARY KEY, "a,b" text, secret text);
CREATE TABLE log (line text);
CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE VIEW v AS SELECT id FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT id FROM t;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE PROCEDURE pr(int) LANGUAGE sql AS 'SELECT $1';
CREATE TYPE mood AS ENUM ('a');
CREATE DOMAIN dom AS int;
GRANT USAGE ON SCHEMA shop TO ${role(names, 'reads')}, ${role(names, 'passes on')} WITH GRANT OPTION;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ${role(names, 'reads')};
GRANT INSERT, UPDATE ("a,b"), REFERENCES (id) ON t TO ${role(names, 'writes')};
GRANT SELECT (secret), UPDATE (secret) ON t TO ${role(names, 'passes on')} WITH GRANT OPTION;
GRANT DELETE, TRIGGER ON t TO ${role(names, 'passes on')} WITH GRANT OPTION;
GRANT UPDATE ON p_1 TO ${role(names, 'writes')};
GRANT SELECT ON log TO PUBLIC;
GRANT USAGE ON SEQUENCE t_id_seq TO ${role(names, 'writes')};
REVOKE ALL ON FUNCTION f(int) FROM PUBLIC; GRANT EXECUTE ON FUNCTION f(int) TO ${role(names, 'reads')};
REVOKE ALL ON PROCEDURE pr(int) FROM PUBLIC;
REVOKE ALL ON TYPE mood FROM PUBLIC; GRANT USAGE ON DOMAIN dom TO ${role(names, 'reads')};
REVOKE TRUNCATE, REFERENCES ON log FROM CURRENT_USER;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO ${role(names, 'reads')};
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT EXECUTE ON FUNCTIONS TO ${role(names, 'writes')} WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO ${role(names, 'reads')};
INSERT INTO t ("a,b") SELECT 'v' FROM generate_series(1, 30);
INSERT INTO p SELECT n, 'v' FROM generate_series(1, 30) n;
REFRESH MATERIALIZED VIEW mv;`,
  after: (names) => `
SET ROLE ${role(names, 'passes on')};
GRANT DELETE ON shop.t TO ${role(names, 'reads')};
GRANT SELECT (secret) ON shop.t TO ${role(names, 'writes')};
RESET ROLE;
CREATE TABLE shop.theirs (id int PRIMARY KEY);
ALTER TABLE shop.theirs OWNER TO ${role(names, 'owns')};
GRANT ALL ON shop.theirs TO ${ident(names.owner.name)};
ALTER DEFAULT PRIVILEGES FOR ROLE ${role(names, 'owns')} GRANT INSERT ON TABLES TO ${role(names, 'writes')};`,
  forward: `INSERT INTO t ("a,b") VALUES ('forward'); INSERT INTO theirs VALUES (current_setting('corpus.round')::int); UPDATE p SET v = 'forward' WHERE id < 5; REFRESH MATERIALIZED VIEW mv;`,
  back: `INSERT INTO t ("a,b") VALUES ('back'); INSERT INTO theirs VALUES (10);`,
} satisfies CorpusSchema as CorpusSchema;
