import type { CorpusSchema } from '../schema.js';

export default {
  name: '29-defaults',
  about: 'defaults that call functions and sequences, that partitions and children change',
  make: `
CREATE SEQUENCE code_seq AS int START 100;
CREATE FUNCTION next_code(prefix text) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT prefix || '-' || nextval('shop.code_seq') $$;
CREATE TABLE t (
  id text DEFAULT next_code('A') PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), who name DEFAULT current_user, j jsonb DEFAULT '{"a": ";"}',
  arr int[] DEFAULT ARRAY[1, 2], e text DEFAULT E'tab\\t''q'' \\\\', b bool DEFAULT (1 > 0), n numeric DEFAULT 1.50, iv interval DEFAULT '1 day'::interval, nothing int DEFAULT NULL);
CREATE TABLE p (id int, v text DEFAULT 'parent', n int NOT NULL DEFAULT 1) PARTITION BY LIST (id);
CREATE TABLE p_1 PARTITION OF p (v DEFAULT 'one', CONSTRAINT own CHECK (n < 100)) FOR VALUES IN (1);
CREATE TABLE p_2 PARTITION OF p (PRIMARY KEY (n)) FOR VALUES IN (2);
ALTER TABLE p_2 ALTER v DROP DEFAULT;
CREATE TABLE parent (id serial PRIMARY KEY, v text DEFAULT 'parent');
CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
ALTER TABLE child ALTER v SET DEFAULT 'child';
INSERT INTO t SELECT FROM generate_series(1, 30);
INSERT INTO p (id, n) SELECT n % 2 + 1, n FROM generate_series(1, 40) n;
INSERT INTO parent SELECT FROM generate_series(1, 10);
INSERT INTO child SELECT FROM generate_series(1, 10);`,
  forward: `INSERT INTO t SELECT FROM generate_series(1, 3); INSERT INTO p (id, n) VALUES (2, 1000 + current_setting('corpus.round')::int); INSERT INTO child DEFAULT VALUES;`,
  back: `INSERT INTO t DEFAULT VALUES; INSERT INTO parent DEFAULT VALUES; INSERT INTO child DEFAULT VALUES; INSERT INTO p (id, n) VALUES (2, 5000)`,
} satisfies CorpusSchema as CorpusSchema;
