/** Tables with every kind of type and key; run as owner with search_path set to the test's schema. */
export const AWKWARD_TABLES = `
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('sad', 'o''k', 'hap"py');
CREATE TYPE "Pair Of" AS (a int, "b c" text);
CREATE DOMAIN price AS numeric(12, 2) CHECK (VALUE >= 0);
CREATE TABLE "select" (
  id serial PRIMARY KEY, "Ord er" text, j json, jb jsonb, x xml, p point, f float8, f4 float4, n numeric, d date,
  ts timestamptz, t time, iv interval, m mood, b bytea, bi bit(5), vb varbit, h hstore, c "Pair Of", cs "Pair Of"[],
  a int[], ta text[][], r int4range, mr tstzrange, ci citext, ch char(7), bo boolean, u uuid, ip inet, mo money, pr price,
  tsv tsvector, na name, nul text
);
CREATE TABLE "a""b" (m mood, t text, v int NOT NULL, PRIMARY KEY (m, t));
CREATE TABLE "by ""key""_uuid" (k uuid PRIMARY KEY, v text);
CREATE TABLE by_bytea (k bytea PRIMARY KEY, v text);
CREATE TABLE by_numeric (k numeric PRIMARY KEY, v text);
CREATE TABLE by_ts (k timestamptz PRIMARY KEY, v text);
CREATE TABLE by_citext (k citext PRIMARY KEY, v text);
CREATE TABLE by_float (k float8 PRIMARY KEY, v text);
CREATE TABLE by_composite (k "Pair Of" PRIMARY KEY, v text);
CREATE TABLE by_bits (k bit(8), c char(4), d price, PRIMARY KEY (k, c, d), v text);
CREATE TABLE by_index (k int NOT NULL, v text, other int NOT NULL);
CREATE UNIQUE INDEX by_index_key ON by_index (k, other);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_key;
CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE "parts 1" PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
CREATE TABLE empty_one (id int PRIMARY KEY);
CREATE TABLE "Order Details" (LIKE "select");
CREATE TABLE "x'; DROP TABLE y; --" (a int, b text, c json, d numeric);
CREATE TABLE generated (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, v text);
ALTER TABLE generated REPLICA IDENTITY NOTHING;
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, v text);
CREATE TABLE deferred_key (id int PRIMARY KEY DEFERRABLE, v text);
CREATE TABLE only_json (j json, x xml);
CREATE TABLE no_columns ();
CREATE TABLE empty_keyless (a int);
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one;
`;

/** The same rows whenever it runs: those of the tables that pglogical would bring. */
export const KEYED_ROWS = `
INSERT INTO "select" ("Ord er", j, jb, x, p, f, f4, n, d, ts, t, iv, m, b, bi, vb, h, c, cs, a, ta, r, mr, ci, ch, bo, u, ip,
                      mo, pr, tsv, na)
SELECT CASE g % 3 WHEN 0 THEN '' WHEN 1 THEN NULL ELSE 'q"''\\,(){}' || g END,
       ('{"b" : ' || g || ', "a":1,"a":2}')::json, jsonb_build_object('k', g, 'x', NULL), ('<a b="' || g || '">&lt;</a>')::xml,
       point(g, -g / 3.0), (ARRAY['NaN', '-0', '0', 'Infinity', '-Infinity', '1e-300', '0.1'])[1 + g % 7]::float8,
       (ARRAY['NaN', '-0', '1.17549435e-38', '0.1'])[1 + g % 4]::float4,
       (ARRAY['NaN', '1.0', '1.00', '-12345678901234567890.123456789', '0'])[1 + g % 5]::numeric,
       (ARRAY['infinity', '-infinity', '4713-01-01 BC', '2024-02-29'])[1 + g % 4]::date,
       (ARRAY['infinity', '-infinity', '0044-03-15 12:00:00+00 BC', '2024-02-29 12:34:56.789012+02'])[1 + g % 4]::timestamptz,
       '24:00', (ARRAY['1 mon -1 day', '-178000000 years', '00:00:00.000001'])[1 + g % 3]::interval,
       (ARRAY['sad', 'o''k', 'hap"py'])[1 + g % 3]::mood, decode(lpad(to_hex(g), 8, '0'), 'hex'), B'10101', B'', 'a=>1, b=>NULL',
       CASE g % 3 WHEN 0 THEN NULL WHEN 1 THEN ROW(NULL, NULL)::"Pair Of" ELSE ROW(g, 'x "y", (z)')::"Pair Of" END,
       ARRAY[ROW(1, NULL), NULL]::"Pair Of"[], ARRAY[1, NULL, g], ARRAY[['a', 'NULL'], [NULL, '"']], int4range(g, NULL), 'empty',
       'CiTeXt' || g, 'x', g % 2 = 0, md5(g::text)::uuid, '::1/64', 12.34, g / 100.0, 'fat & rat:1A'::text::tsvector, 'na me'
FROM generate_series(1, 700) AS g;
INSERT INTO "a""b" SELECT (ARRAY['sad', 'o''k', 'hap"py'])[1 + g % 3]::mood, g || ' it''s "quoted" \\ ü', g
FROM generate_series(1, 300) AS g;
INSERT INTO "by ""key""_uuid" SELECT md5(g::text)::uuid, g FROM generate_series(1, 300) AS g;
INSERT INTO by_bytea SELECT decode(md5(g::text), 'hex'), g FROM generate_series(1, 300) AS g;
INSERT INTO by_numeric SELECT g / 7.0, g::text FROM generate_series(1, 300) AS g UNION ALL SELECT 'NaN', 'nan';
INSERT INTO by_ts SELECT timestamptz '2024-03-31 00:00+00' + g * interval '10 min 0.000001 s', g::text
FROM generate_series(1, 300) AS g UNION ALL SELECT 'infinity', 'inf' UNION ALL SELECT '-infinity', '-inf';
INSERT INTO by_citext SELECT 'Key' || g, g FROM generate_series(1, 300) AS g;
INSERT INTO by_float SELECT g / 3.0, g::text FROM generate_series(1, 300) AS g UNION ALL SELECT 'NaN', 'n' UNION ALL SELECT '-0', 'z';
INSERT INTO by_composite SELECT ROW(g, 'a "b", (c)')::"Pair Of", g FROM generate_series(1, 300) AS g;
INSERT INTO by_bits SELECT g::bit(8), 'c' || g % 9, g, g FROM generate_series(1, 250) AS g;
INSERT INTO by_index SELECT g, g, g % 5 FROM generate_series(1, 300) AS g;
INSERT INTO parts SELECT g, g FROM generate_series(1, 300) AS g;
`;

/** Those of the tables that belt copies itself. */
export const COPIED_ROWS = `
INSERT INTO "Order Details" SELECT * FROM "select";
INSERT INTO "Order Details" SELECT * FROM "select" WHERE id < 50;
INSERT INTO "x'; DROP TABLE y; --"
SELECT CASE WHEN g % 10 > 0 THEN g END, md5(g::text), '{"a": 1}', g / 3.0 FROM generate_series(1, 5000) AS g;
INSERT INTO generated (id, v) SELECT g, g FROM generate_series(1, 300) AS g;
INSERT INTO unlogged SELECT g, g FROM generate_series(1, 300) AS g;
INSERT INTO deferred_key SELECT g, g FROM generate_series(1, 300) AS g;
INSERT INTO only_json SELECT json_build_object('g', g % 10), '<a/>' FROM generate_series(1, 300) AS g;
INSERT INTO no_columns DEFAULT VALUES;
`;
