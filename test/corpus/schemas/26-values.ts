import type { CorpusSchema } from '../schema.js';

export default {
  name: '26-values',
  about: 'values at the edge of their types: NaN, infinity, -0, arrays with other bounds, long ones, BC',
  make: `
CREATE TABLE v (
  id int PRIMARY KEY, f float8, r real, n numeric, d date, t timestamptz, ts timestamp, i interval, tm time, tz timetz, a int[], aa text[], b bytea, j jsonb, js json,
  x xml, u uuid, ip inet, m macaddr8, bits bit(9), c char(5), txt text, p polygon, o oid, mo money, tv tsvector, tq tsquery, h int8);
INSERT INTO v (id, f, r, n, d, t, ts, i, tm, tz, a, aa, b, j, js, x, u, ip, m, bits, c, txt, p, o, mo, tv, tq, h) VALUES
  (1, 'NaN', '-0', 'NaN', 'infinity', '-infinity', 'infinity', '-178000000 years', '24:00', '23:59:60+15:59', '[5:7]={1,NULL,3}', '{"a\\"b",NULL,"NULL","{}"}', '\\x00ff',
   '{"a": [1, null, "\\u00e9"]}', '{"b":1 , "b":2}', '<a b="c">&amp;</a>', '00000000-0000-0000-0000-000000000000', '::1/64', '08:00:2b:01:02:03:04:05', B'101010101', 'a', E'\\t\\n\\\\.', '((0,0),(1,1),(2,0))',
   4294967295, -92233720368547758.08, '''a b'':1A,3C', '!a & (b | c:*)', -9223372036854775808),
  (2, '-Infinity', 'Infinity', '-Infinity', '4713-01-01 BC', '0044-03-15 12:00:00+00 BC', '294276-12-31 23:59:59.999999', '1 mon -1 day 00:00:00.000001', '00:00', '00:00-15:59', '{}', '{{a,b},{c,d}}', '',
   'null', 'null', '', NULL, '10.0.0.1', NULL, NULL, '', '', NULL, 0, 0, '', NULL, 9223372036854775807),
  (3, 5e-324, 1e-45, 1e-16383, '5874897-12-31', '2024-03-31 02:30:00+01', '4713-01-01 BC', '0', '12:34:56.789012', NULL, '[-1:0][2:3]={{1,2},{3,4}}', NULL, repeat('x', 300000)::bytea, to_jsonb(repeat('y', 300000)),
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, repeat('z€', 200000), NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO v (id, f, n) SELECT n, random() * 10 ^ (random() * 300 - 150)::int, 1 / n::numeric FROM generate_series(10, 300) n;
CREATE TABLE keyless (LIKE v);
INSERT INTO keyless SELECT * FROM v;
CREATE TABLE wide (id int PRIMARY KEY, ${Array.from({ length: 300 }, (_, n) => `c${String(n)} int`).join(', ')});
INSERT INTO wide (id, c0, c299) SELECT n, n, -n FROM generate_series(1, 50) n;`,
  forward: `
INSERT INTO v (id, f, n, txt) SELECT 1000 * current_setting('corpus.round')::int + n, random(), 'Infinity', repeat('ü', 5000) FROM generate_series(1, 5) n;
UPDATE v SET h = 5, f = '-0' WHERE id = 3;
UPDATE v SET b = NULL WHERE id = 1;
UPDATE wide SET c150 = 7 WHERE id < 9;`,
  back: `UPDATE v SET i = '1 year', a = '[0:0]={9}' WHERE id < 3; UPDATE v SET h = 6 WHERE id = 3; UPDATE wide SET c299 = 0 WHERE id = 7;`,
} satisfies CorpusSchema as CorpusSchema;
