import type { CorpusSchema } from '../schema.js';

export default {
  name: '16-operators',
  about: 'aggregates, operators, operator families, casts, conversions',
  make: `
CREATE TYPE grade AS ENUM ('a', 'b', 'c');
CREATE TYPE coin AS (amount numeric, unit text);
CREATE FUNCTION same_grade(grade, grade) RETURNS bool LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1::text = $2::text';
CREATE FUNCTION other_grade(grade, grade) RETURNS bool LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1::text <> $2::text';
CREATE OPERATOR === (LEFTARG = grade, RIGHTARG = grade, FUNCTION = same_grade, COMMUTATOR = ===, NEGATOR = !==, RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE OPERATOR !== (LEFTARG = grade, RIGHTARG = grade, FUNCTION = other_grade, COMMUTATOR = !==, NEGATOR = ===, RESTRICT = neqsel);
CREATE FUNCTION coin_of(text) RETURNS coin LANGUAGE sql IMMUTABLE AS $$ SELECT ROW(split_part($1, ' ', 1)::numeric, split_part($1, ' ', 2))::shop.coin $$;
CREATE FUNCTION text_of(coin) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1.amount || ' ' || $1.unit $$;
CREATE FUNCTION number_of(coin) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1.amount';
CREATE CAST (coin AS numeric) WITH FUNCTION number_of(coin) AS IMPLICIT;
CREATE CAST (coin AS text) WITH FUNCTION text_of(coin) AS ASSIGNMENT;
CREATE CAST (text AS coin) WITH FUNCTION coin_of(text);
CREATE CAST (int AS grade) WITH INOUT;
CREATE FUNCTION add_coin(coin, coin) RETURNS coin LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1.amount + $2.amount, $1.unit)::shop.coin';
CREATE OPERATOR + (LEFTARG = coin, RIGHTARG = coin, FUNCTION = add_coin, COMMUTATOR = +);
CREATE OPERATOR @ (RIGHTARG = coin, FUNCTION = number_of);
CREATE AGGREGATE total(coin) (SFUNC = add_coin, STYPE = coin, INITCOND = '(0,EUR)', PARALLEL = SAFE, COMBINEFUNC = add_coin);
CREATE AGGREGATE moving(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '0');
CREATE TABLE account (id int PRIMARY KEY, balance coin, g grade DEFAULT 'a', CHECK ((balance).amount >= 0), CHECK (g === g));
CREATE VIEW totals AS SELECT g, total(balance) AS t, @ total(balance) AS n, max(balance::text) AS m FROM account WHERE g !== 'c' GROUP BY g;
CREATE INDEX ON account ((balance::text));
COMMENT ON CAST (coin AS numeric) IS 'of a cast';
INSERT INTO account SELECT n, ROW(n, 'EUR')::coin, 'b' FROM generate_series(1, 40) n;`,
  // What only a superuser may make; and the shell of an operator, the name that another had called its commutator.
  after: `
SET search_path = shop;
CREATE TYPE cents;
CREATE FUNCTION cents_in(cstring) RETURNS cents LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
CREATE FUNCTION cents_out(cents) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
CREATE TYPE cents (INPUT = cents_in, OUTPUT = cents_out, LIKE = bigint);
CREATE CAST (cents AS bigint) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (bigint AS cents) WITHOUT FUNCTION;

CREATE CAST (point AS path) WITH INOUT;
CREATE FUNCTION json_of(point) RETURNS jsonb LANGUAGE sql IMMUTABLE AS 'SELECT to_jsonb($1::text)';
CREATE CAST (point AS jsonb) WITH FUNCTION json_of(point) AS ASSIGNMENT;
CREATE TRANSFORM FOR cents LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));
CREATE FUNCTION with_transform(cents) RETURNS bigint TRANSFORM FOR TYPE cents LANGUAGE sql AS 'SELECT $1::bigint';
CREATE FUNCTION less(cents, cents) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1::bigint < $2::bigint';
CREATE OPERATOR <<< (LEFTARG = cents, RIGHTARG = cents, FUNCTION = shop.less, COMMUTATOR = >>>);
DROP OPERATOR <<< (cents, cents);
CREATE TABLE purse (id int PRIMARY KEY, c cents);
INSERT INTO purse SELECT n, n::text::cents FROM generate_series(1, 20) n;`,
  exceptions: [
    {
      object: 'pg_cast (pg_catalog.point AS pg_catalog.path)',
      problem: /is missing/,
      how: 'noted',
      why: 'it has nothing to do with the schema',
    },
  ],
  findings: ['cast (point AS path)'],
  forward: `
INSERT INTO account VALUES (1000 + current_setting('corpus.round')::int, '5 EUR'::text::coin, 'c');
UPDATE account SET balance = balance + ROW(1, 'EUR')::coin WHERE id < 10;`,
  back: `UPDATE account SET g = 'c' WHERE id = 3; DELETE FROM account WHERE id = 4;`,
} satisfies CorpusSchema as CorpusSchema;
