import type { CorpusSchema } from '../schema.js';

export default {
  name: '19-without-key',
  about: 'tables without primary key, UNLOGGED tables, tables without columns, temporary ones left out',
  make: `
CREATE TABLE log (line text, at timestamptz DEFAULT now());
CREATE TABLE doubles (a int);
CREATE TABLE nothing ();
CREATE TABLE empty_one (a int);
CREATE UNLOGGED TABLE session (id int PRIMARY KEY, v text);
CREATE UNLOGGED TABLE scratch (v int);
CREATE TABLE keyed (id int PRIMARY KEY, log text);
CREATE TABLE odd (x xml, j json, p point, b box, pa path, l pg_lsn, o oid, r regclass, t tid, bits bit varying, i interval, m money, c "char", n name);
CREATE TABLE referring (keyed int REFERENCES keyed);
INSERT INTO log SELECT 'line ' || n, timestamptz '2020-01-01' + n * interval '1 min' FROM generate_series(1, 100) n;
INSERT INTO doubles SELECT n % 3 FROM generate_series(1, 60) n;
INSERT INTO nothing SELECT FROM generate_series(1, 5);
INSERT INTO session SELECT n, 'v' FROM generate_series(1, 20) n;
INSERT INTO scratch SELECT generate_series(1, 20);
INSERT INTO keyed SELECT n, 'log' FROM generate_series(1, 20) n;
INSERT INTO referring SELECT n % 20 + 1 FROM generate_series(1, 30) n;
INSERT INTO odd SELECT '<a/>', '{"a" : 1}', point(n, 1), box(point(n, 0), point(1, 1)), '((0,0),(1,1))', '0/16', n, 'pg_class', '(1,2)', B'101', '1 mon 2 days 24:00:00',
  12.34, 'x', 'name' FROM generate_series(1, 10) n;`,
  forward: `
INSERT INTO log (line) VALUES ('forward');
DELETE FROM doubles WHERE ctid = (SELECT min(ctid) FROM doubles);
INSERT INTO session VALUES (1000 + current_setting('corpus.round')::int, 'forward');
UPDATE keyed SET log = 'forward' WHERE id < 5;
INSERT INTO nothing DEFAULT VALUES;
CREATE TEMPORARY TABLE passing (a int); INSERT INTO passing VALUES (1);`,
  back: `UPDATE keyed SET log = 'back' WHERE id > 15; INSERT INTO log (line) VALUES ('back'); INSERT INTO session VALUES (5000, 'back');`,
  notBack: ['shop.log', 'shop.session'],
} satisfies CorpusSchema as CorpusSchema;
