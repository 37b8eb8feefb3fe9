import type { CorpusSchema } from '../schema.js';

/** 63 bytes, the last of which PostgreSQL cuts from anything longer. */
const long = (start: string): string => (start + '_'.repeat(63)).slice(0, 63);
/** 63 bytes in letters of several: 21 of three. */
const wide = '漢'.repeat(21);

export default {
  name: '23-long-names',
  about: 'names of 63 bytes, in letters of one byte and of three',
  schemas: [long('schema')],
  make: `
CREATE TABLE ${long('t')} (${long('id')} serial PRIMARY KEY, ${long('v')} text, ${long('n')} int REFERENCES ${long('t')}, "${wide}" text UNIQUE);
CREATE TABLE "${wide}" ("${wide}" int PRIMARY KEY, v text CONSTRAINT "${wide}" CHECK (v <> ''));
CREATE TABLE ${long('p')} (${long('id')} int PRIMARY KEY, v text) PARTITION BY RANGE (${long('id')});
CREATE TABLE ${long('p1')} PARTITION OF ${long('p')} FOR VALUES FROM (0) TO (100);
CREATE TABLE ${long('p2')} PARTITION OF ${long('p')} FOR VALUES FROM (100) TO (200);
CREATE INDEX ON ${long('p')} (v);
CREATE INDEX ON ${long('t')} (${long('v')});
CREATE INDEX ON ${long('t')} (${long('v')}, ${long('n')});
CREATE INDEX "${wide} " ON "${wide}" (v);
ALTER TABLE ${long('t')} ADD CHECK (${long('n')} > 0) NOT VALID;
CREATE TYPE ${long('e')} AS ENUM ('${long('label')}');
CREATE FUNCTION ${long('f')}(${long('a')} ${long('e')}) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE VIEW ${long('view')} AS SELECT * FROM ${long('t')};
INSERT INTO ${long('t')} (${long('v')}) SELECT 'v' FROM generate_series(1, 20);
INSERT INTO "${wide}" SELECT n, 'v' FROM generate_series(1, 20) n;
INSERT INTO ${long('p')} SELECT n, 'v' FROM generate_series(1, 150) n;`.replace(`"${wide} "`, `"${'字'.repeat(21)}"`),
  forward: `INSERT INTO ${long('t')} (${long('v')}) VALUES ('forward'); UPDATE ${long('p')} SET v = 'forward' WHERE ${long('id')} < 5;`,
  back: `INSERT INTO ${long('t')} (${long('v')}) VALUES ('back'); UPDATE "${wide}" SET v = 'back' WHERE "${wide}" = 5;`,
} satisfies CorpusSchema as CorpusSchema;
