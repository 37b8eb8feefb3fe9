import type { CorpusSchema } from '../schema.js';

export default {
  name: '03-inheritance',
  about: 'inheritance, with constraints of parents and children',
  make: `
CREATE TABLE city (id int PRIMARY KEY, name text NOT NULL, people int DEFAULT 0, CONSTRAINT some_people CHECK (people >= 0),
  CONSTRAINT not_huge CHECK (people < 100000000) NO INHERIT);
CREATE TABLE capital (country text NOT NULL, PRIMARY KEY (id)) INHERITS (city);
CREATE TABLE twin (id int PRIMARY KEY, since date);
CREATE TABLE twin_city (PRIMARY KEY (id), CONSTRAINT named CHECK (name <> '')) INHERITS (city, twin);
ALTER TABLE twin_city ALTER people SET DEFAULT 7, ALTER name SET STATISTICS 50;
CREATE TABLE adopted (people int, name text NOT NULL, id int PRIMARY KEY, own text, CONSTRAINT some_people CHECK (people >= 0));
ALTER TABLE adopted INHERIT city;
CREATE TABLE orphan () INHERITS (capital);
ALTER TABLE orphan ADD PRIMARY KEY (id);
ALTER TABLE orphan NO INHERIT capital;
INSERT INTO city SELECT n, 'city ' || n, n FROM generate_series(1, 50) n;
INSERT INTO capital SELECT 100 + n, 'capital ' || n, n, 'country' FROM generate_series(1, 50) n;
INSERT INTO twin_city SELECT 200 + n, 'twin ' || n, n, now() FROM generate_series(1, 50) n;
INSERT INTO adopted SELECT n, 'adopted ' || n, 300 + n FROM generate_series(1, 50) n;
INSERT INTO orphan SELECT n, 'orphan', n, 'c' FROM generate_series(1, 5) n;`,
  forward: `
UPDATE city SET people = people + 1000 WHERE id % 7 = 0;
INSERT INTO capital VALUES (1000 + current_setting('corpus.round')::int, 'forward', 1, 'c');
DELETE FROM city WHERE id = 310 + current_setting('corpus.round')::int;`,
  back: `
UPDATE city SET name = 'back' WHERE id % 10 = 1;
INSERT INTO twin_city VALUES (2000, 'back', 1, '2020-01-01');
DELETE FROM ONLY city WHERE id = 5;`,
} satisfies CorpusSchema as CorpusSchema;
