import type { CorpusSchema } from '../schema.js';

/** Ends of lines and spaces to JavaScript, letters to PostgreSQL. */
const WHITE = '\u2028\u2029\u00a0\ufeff';
const SCHEMA = `S "x" 'y' $$ %s é;\n--${WHITE}`;
const quoted = `"${SCHEMA.replaceAll('"', '""')}"`;

export default {
  name: '21-names',
  about:
    'names with quotes of both kinds, backslashes, newlines, $$, percent signs, unicode with its own spaces and ends of lines',
  schemas: [SCHEMA],
  make: `
CREATE TYPE "En ""um"" 'x'" AS ENUM ('"a''', E'b\\\\', 'c
d', '$$', '%I', 'ü');
CREATE DOMAIN "Do;main \\" AS text CONSTRAINT "ch'eck ""$1""" CHECK (VALUE <> '$x$');
CREATE SEQUENCE "seq ' "" \\
%${WHITE}";
CREATE TABLE "T ""a"" 'b' \\ $$ %s é${WHITE}" (
  "id ""x"" '" int PRIMARY KEY, "new
line" text DEFAULT E'new\\nline ''" \\\\ $$ %', "%s" "En ""um"" 'x'", "d;--" "Do;main \\", "select" bigint DEFAULT nextval('"seq '' "" \\
%${WHITE}"'), CONSTRAINT "un'iq ""u"" \\" UNIQUE ("%s", "id ""x"" '"));
CREATE TABLE "keyless ""k"" '%' \\" ("a'b" int, "c""d" int);
CREATE TABLE "part ""p"" '" ("at x" date NOT NULL, "i'd" int, PRIMARY KEY ("i'd", "at x")) PARTITION BY RANGE ("at x");
CREATE TABLE "part
1${WHITE}" PARTITION OF "part ""p"" '" FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
CREATE INDEX "in'dex ""i"" \\ $$${WHITE}" ON "T ""a"" 'b' \\ $$ %s é${WHITE}" (lower("new
line"), "%s") WHERE "new
line" <> E'it''s " \\\\ $$ ;';
CREATE INDEX "part index; DROP" ON "part ""p"" '" ("at x");
ALTER TABLE "keyless ""k"" '%' \\" ADD CONSTRAINT "not 'v' ""x"" \\" CHECK ("a'b" > 5) NOT VALID;
ALTER TABLE "T ""a"" 'b' \\ $$ %s é${WHITE}" ADD CONSTRAINT "fk 'f' ""g""" FOREIGN KEY ("select") REFERENCES "T ""a"" 'b' \\ $$ %s é${WHITE}" NOT VALID;
CREATE STATISTICS "st 's' ""t""" ON "%s", "new
line" FROM "T ""a"" 'b' \\ $$ %s é${WHITE}";
CREATE FUNCTION "fu ""n"" 'c' $$"("ar ""g"" '" int) RETURNS int LANGUAGE sql IMMUTABLE AS $f$ SELECT "ar ""g"" '" + length('$$ ''" \\ -- ') $f$;
CREATE FUNCTION "tr'g"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER "tri ""g"" 'x' \\" BEFORE UPDATE ON "T ""a"" 'b' \\ $$ %s é${WHITE}" FOR EACH ROW EXECUTE FUNCTION "tr'g"('it''s', '"a"', E'\\\\');
CREATE RULE "ru ""l"" 'e' %" AS ON DELETE TO "keyless ""k"" '%' \\" DO INSTEAD NOTHING;
CREATE POLICY "po ""l"" 'i' %s" ON "T ""a"" 'b' \\ $$ %s é${WHITE}" USING ("new
line" <> '''');
CREATE VIEW "vi ""e"" 'w' \\" AS SELECT "new
line" AS "co ""l"" '", "fu ""n"" 'c' $$"(1) AS "%" FROM "T ""a"" 'b' \\ $$ %s é${WHITE}";
CREATE MATERIALIZED VIEW "ma ""t"" 'v' %" AS SELECT "co ""l"" '" FROM "vi ""e"" 'w' \\";
CREATE INDEX "ma index '" ON "ma ""t"" 'v' %" ("co ""l"" '");
COMMENT ON TABLE "T ""a"" 'b' \\ $$ %s é${WHITE}" IS E'com''ment "c" \\\\ $$ %s\\nCREATE INDEX';
COMMENT ON INDEX "in'dex ""i"" \\ $$${WHITE}" IS '$x$ ''';
COMMENT ON CONSTRAINT "not 'v' ""x"" \\" ON "keyless ""k"" '%' \\" IS '"''\\';
COMMENT ON COLUMN "vi ""e"" 'w' \\"."%" IS '%';
INSERT INTO "T ""a"" 'b' \\ $$ %s é${WHITE}" SELECT n, 'v' || n, '"a''' FROM generate_series(1, 40) n;
INSERT INTO "keyless ""k"" '%' \\" SELECT n, -n FROM generate_series(6, 40) n;
INSERT INTO "part ""p"" '" SELECT date '2021-01-01' + n, n FROM generate_series(1, 40) n;
REFRESH MATERIALIZED VIEW "ma ""t"" 'v' %";`,
  after: `ALTER TABLE ${quoted}."keyless ""k"" '%' \\" ADD CONSTRAINT "later ' """ CHECK ("c""d" < 0)`,
  forward: `
INSERT INTO "T ""a"" 'b' \\ $$ %s é${WHITE}" ("id ""x"" '", "%s", "select") VALUES (1000 + current_setting('corpus.round')::int, 'c
d', 1);
UPDATE "T ""a"" 'b' \\ $$ %s é${WHITE}" SET "d;--" = E'\\\\' WHERE "id ""x"" '" < 9;
INSERT INTO "part ""p"" '" VALUES ('2022-01-01', 1000 + current_setting('corpus.round')::int);
REFRESH MATERIALIZED VIEW "ma ""t"" 'v' %";`,
  back: `
UPDATE "T ""a"" 'b' \\ $$ %s é${WHITE}" SET "%s" = '%I' WHERE "id ""x"" '" = 9;
DELETE FROM "part ""p"" '" WHERE "i'd" = 3;`,
} satisfies CorpusSchema as CorpusSchema;
