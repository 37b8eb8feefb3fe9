import type { CorpusSchema } from '../schema.js';

export default {
  name: '17-text-search',
  about: 'text search configurations and dictionaries, collations, conversions',
  make: `
CREATE COLLATION by_code (provider = libc, locale = 'C');
CREATE COLLATION numbers (provider = icu, locale = 'en-u-kn-true', deterministic = false);
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = pg_catalog.simple, STOPWORDS = english, ACCEPT = false);
CREATE TEXT SEARCH DICTIONARY "Stem; it" (TEMPLATE = snowball, LANGUAGE = german);
CREATE TEXT SEARCH CONFIGURATION search (PARSER = pg_catalog."default");
ALTER TEXT SEARCH CONFIGURATION search ADD MAPPING FOR asciiword, word WITH plain, "Stem; it", pg_catalog.simple;
ALTER TEXT SEARCH CONFIGURATION search ADD MAPPING FOR int WITH pg_catalog.simple;
CREATE CONVERSION to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE TABLE doc (id int PRIMARY KEY, title text COLLATE by_code, number text COLLATE numbers UNIQUE, body text);
CREATE INDEX doc_search ON doc USING gin (to_tsvector('shop.search', body));
CREATE INDEX doc_title ON doc (title COLLATE numbers, body COLLATE by_code);
CREATE VIEW found AS SELECT id FROM doc WHERE to_tsvector('shop.search', body) @@ to_tsquery('shop.search', 'haus') ORDER BY number;
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.title := coalesce(NEW.title, NEW.body); RETURN NEW; END';
CREATE TRIGGER fill BEFORE INSERT ON doc FOR EACH ROW EXECUTE FUNCTION fill();
INSERT INTO doc SELECT n, 'Title ' || n, 'N' || n, 'Die Häuser ' || n FROM generate_series(1, 60) n;`,
  forward: `INSERT INTO doc SELECT 1000 * current_setting('corpus.round')::int + n, NULL, 'F' || 1000 * current_setting('corpus.round')::int + n, 'straße' FROM generate_series(1, 5) n;
UPDATE doc SET number = 'X' || id WHERE id = 7;`,
  back: `INSERT INTO doc VALUES (5000, 'back', 'B1', 'zurück'); UPDATE doc SET body = 'haus' WHERE id < 4;`,
} satisfies CorpusSchema as CorpusSchema;
