import { ident } from '../../../src/postgres/quote.js';
import type { CorpusSchema } from '../schema.js';

export default {
  name: '33-database',
  about: 'what belongs to the database: comment, settings, privileges, large objects',
  options: { setup: ['--accept', 'large-objects'], sync: ['--large-objects'] },
  before: ({ database, app }) => `
COMMENT ON DATABASE ${ident(database)} IS 'of the database; with -- ''quotes''';
ALTER DATABASE ${ident(database)} SET search_path = shop, "a ""b""", public;
ALTER DATABASE ${ident(database)} SET work_mem = '5MB';
ALTER DATABASE ${ident(database)} SET default_transaction_isolation = 'repeatable read';
ALTER DATABASE ${ident(database)} SET app.tenant = 'it''s, a "b"';
ALTER DATABASE ${ident(database)} SET DateStyle = 'SQL, DMY';
ALTER DATABASE ${ident(database)} SET IntervalStyle = 'sql_standard';
ALTER DATABASE ${ident(database)} SET extra_float_digits = -5;
ALTER DATABASE ${ident(database)} SET bytea_output = 'escape';
ALTER DATABASE ${ident(database)} SET TimeZone = 'Asia/Kolkata';
REVOKE CONNECT ON DATABASE ${ident(database)} FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE ${ident(database)} TO ${ident(app.name)} WITH GRANT OPTION;`,
  make: `
CREATE TABLE file (id int PRIMARY KEY, o oid, at timestamptz DEFAULT now(), d date, f float8, r real, i interval, b bytea, ts timestamp);
CREATE INDEX by_at ON file (at);
INSERT INTO file (id, o) SELECT n, lo_from_bytea(70000 + n, convert_to(repeat('large ' || n, 3000), 'UTF8')) FROM generate_series(1, 5) n;
INSERT INTO file (id, o) VALUES (6, lo_create(70006));
COMMENT ON LARGE OBJECT 70001 IS 'of a large object';
INSERT INTO file (id, d, f, i, b) SELECT n, date '2020-01-01' + n * 9, random() / 3, n * interval '-1 day 1 hour', '\\x5c00ff' FROM generate_series(10, 50) n;`,
  after: ({ app }) =>
    `GRANT SELECT ON LARGE OBJECT 70002 TO ${ident(app.name)}; ALTER LARGE OBJECT 70003 OWNER TO ${ident(app.name)};`,
  forward: `
INSERT INTO file (id, o) VALUES (100 + current_setting('corpus.round')::int, lo_from_bytea(71000 + current_setting('corpus.round')::int, '\\x00ff'));
SELECT lo_put(70001, 0, 'SMALL');
-- As the database's settings would write them, these are other values, or rounded ones, or none.
INSERT INTO file (id, d, f, r, i, b, ts) SELECT 200 + 50 * current_setting('corpus.round')::int + n, make_date(2021, n, 13 - n), random() / 3,
  (random() / 3)::real, make_interval(0, n, 0, -n, 1, 2, 3.456789), '\\x5c0a00ff', make_timestamp(2021, n, 13 - n, 1, 2, 3.4) FROM generate_series(1, 12) n;`,
  back: `INSERT INTO file (id, d, f, r, i, b) SELECT 500 + n, make_date(2021, n, 13 - n), random() / 3, (random() / 3)::real, make_interval(0, n, 0, -n, -1), '\\x5c' FROM generate_series(1, 12) n; UPDATE file SET at = '2020-01-01' WHERE id = 3;`,
  findings: ['large objects'],
} satisfies CorpusSchema as CorpusSchema;
