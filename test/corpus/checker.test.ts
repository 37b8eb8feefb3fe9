import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { testServers } from '../harness/servers.js';
import { compareDatabases, compareRows, differentFacts, readObjects } from './checker/compare.js';
import { readDatabaseFacts } from './checker/database.js';
import type { Facts } from './checker/facts.js';

/** The judge is judged: each of these changes to one of two equal databases must be found, and nothing else. */

const MADE = `
CREATE SCHEMA "S 1"; SET search_path = "S 1";
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n + 1';
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE t (id serial PRIMARY KEY, "v V" text DEFAULT 'x' NOT NULL, n int CHECK (n > 0), m mood, UNIQUE (n));
CREATE TABLE child () INHERITS (t);
CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE INDEX p_at ON p (at);
CREATE INDEX by_v ON t ("v V");
CREATE STATISTICS st ON n, m FROM t;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();
CREATE RULE ru AS ON DELETE TO child DO INSTEAD NOTHING;
CREATE POLICY po ON t USING (n > 1);
CREATE VIEW vi AS SELECT id FROM t WHERE n > 3;
CREATE MATERIALIZED VIEW mv AS SELECT n FROM t;
CREATE SEQUENCE free;
CREATE ROLE "checker: reads";
INSERT INTO t ("v V", n) VALUES ('one', 1), ('two', 2);
REFRESH MATERIALIZED VIEW mv;`;

const CHANGES: readonly (readonly [sql: string, object: string, problem?: RegExp])[] = [
  [`ALTER TABLE t ALTER "v V" SET DEFAULT 'y'`, `pg_attrdef for "S 1".t."v V"`, /'y'::text/],
  ['ALTER TABLE t ALTER n SET STATISTICS 7', 'pg_attribute "S 1".t.n', /attstattarget is 7/],
  [`ALTER TABLE t ALTER "v V" SET STORAGE EXTERNAL`, 'pg_attribute "S 1".t."v V"', /attstorage/],
  ['ALTER TABLE t CLUSTER ON by_v', 'pg_index "S 1".by_v', /indisclustered/],
  ['ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey', 'pg_class "S 1".t', /relreplident/],
  ['ALTER TABLE t ENABLE ALWAYS TRIGGER tr', 'pg_trigger tr on "S 1".t', /tgenabled is "A"/],
  ['ALTER TABLE t FORCE ROW LEVEL SECURITY', 'pg_class "S 1".t', /relforcerowsecurity/],
  ['ALTER TABLE t SET (fillfactor = 50)', 'pg_class "S 1".t', /fillfactor=50/],
  ['ALTER TABLE t SET UNLOGGED', 'pg_class "S 1".t', /relpersistence/],
  ['DROP INDEX by_v', 'pg_index "S 1".by_v', /is missing/],
  ['CREATE INDEX more ON t (n)', 'pg_index "S 1".more', /is extra/],
  [`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'p_at'::regclass`, 'pg_index "S 1".p_at', /indisvalid/],
  [`UPDATE pg_constraint SET convalidated = false WHERE conname = 't_n_check'`, 'pg_constraint t_n_check on "S 1".t'],
  [`COMMENT ON INDEX by_v IS 'hidden'`, 'comment on index "S 1".by_v', /is extra/],
  [`COMMENT ON CONSTRAINT t_n_check ON t IS 'hidden'`, 'comment on table constraint t_n_check on "S 1".t'],
  [`COMMENT ON DOMAIN short IS 'hidden'`, 'comment on type "S 1".short'],
  [`COMMENT ON COLUMN vi.id IS 'hidden'`, 'comment on view column "S 1".vi.id'],
  [`GRANT SELECT ON t TO "checker: reads"`, 'pg_class "S 1".t', /SELECT by/],
  [`GRANT UPDATE (n) ON t TO "checker: reads"`, 'pg_attribute "S 1".t.n', /UPDATE by/],
  [`REVOKE ALL ON FUNCTION f FROM PUBLIC`, 'pg_proc "S 1".f(integer)', /PUBLIC/],
  [
    `ALTER DEFAULT PRIVILEGES IN SCHEMA "S 1" GRANT SELECT ON TABLES TO "checker: reads"`,
    'pg_default_acl r for postgres in "S 1"',
  ],
  [
    `CREATE OR REPLACE FUNCTION f(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n + 2'`,
    'pg_proc "S 1".f(integer)',
  ],
  [`ALTER FUNCTION f COST 7`, 'pg_proc "S 1".f(integer)', /procost/],
  [`CREATE OR REPLACE VIEW vi AS SELECT id FROM t WHERE n > 4`, 'pg_class "S 1".vi', /n > 4/],
  [`ALTER TYPE mood RENAME VALUE 'sad' TO 'bad'`, `pg_enum "S 1".mood 'bad'`],
  ['ALTER DOMAIN short SET NOT NULL', 'pg_type "S 1".short', /typnotnull/],
  ['ALTER SEQUENCE free CYCLE', 'pg_sequence "S 1".free', /seqcycle/],
  ['ALTER SEQUENCE t_id_seq OWNED BY NONE', 'dependency of sequence "S 1".t_id_seq on table column "S 1".t.id'],
  ['ALTER POLICY po ON t USING (n > 2)', 'pg_policy po on "S 1".t', /n > 2/],
  ['ALTER STATISTICS st SET STATISTICS 9', 'pg_statistic_ext "S 1".st', /stxstattarget/],
  ['ALTER TABLE child NO INHERIT t', 'pg_inherits "S 1".child of "S 1".t', /is missing/],
  ['ALTER TABLE p DETACH PARTITION p_1', 'pg_inherits "S 1".p_1 of "S 1".p', /is missing/],
  ['ALTER TABLE child DISABLE RULE ru', 'pg_rewrite ru on "S 1".child', /ev_enabled/],
  ['ALTER TABLE t OWNER TO "checker: reads"', 'pg_class "S 1".t', /relowner/],
  [`CREATE CAST (text AS mood) WITH INOUT AS ASSIGNMENT`, 'pg_cast (pg_catalog.text AS "S 1".mood)', /is extra/],
  [`CREATE COLLATION co (LOCALE = 'C')`, 'pg_collation "S 1".co'],
  ['CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)', 'pg_operator "S 1".===(integer,integer)'],
  ['CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)', 'pg_aggregate "S 1".total(integer)'],
  [`UPDATE t SET "v V" = 'One' WHERE n = 1`, 'rows of "S 1".t', /missing: .*one.* extra: .*One/],
  [`INSERT INTO child ("v V") VALUES ('x')`, 'rows of "S 1".child', /are 1, not 0/],
  ['REFRESH MATERIALIZED VIEW mv WITH NO DATA', 'rows of "S 1".mv', /filled/],
];

const server = (await testServers()).dst;
const names = ['checker a', 'checker b'] as const;
let one: pg.Client;
let other: pg.Client;
/** What `one` says of its objects. */
let wanted: Facts;

beforeAll(async () => {
  for (const name of names) await server.sql('postgres', `CREATE DATABASE ${ident(name)} TEMPLATE template0`);
  one = await server.connect(names[0]);
  await one.query(MADE);
  wanted = await readObjects(one, SCOPE);
  other = await server.connect(names[1]);
  await other.query(MADE.replace('CREATE ROLE "checker: reads";', ''));
});

afterAll(async () => {
  await one.end();
  await other.end();
});

const SCOPE = { schemas: ['S 1'] };

it('finds nothing between equal databases', async () => {
  expect(await compareDatabases(one, other, SCOPE)).toEqual([]);
});

it.each(CHANGES.map(([sql, object, problem = /./]) => ({ sql, object, problem })))(
  'finds $sql',
  async ({ sql, object, problem }) => {
    await other.query('BEGIN; SET LOCAL search_path = "S 1"');
    try {
      await other.query(sql);
      const found = object.startsWith('rows ')
        ? (await compareRows(one, other, SCOPE)).differences
        : differentFacts(wanted, await readObjects(other, SCOPE));
      expect(found).toContainEqual({ object, problem: expect.stringMatching(problem) as string });
    } finally {
      await other.query('ROLLBACK');
    }
  },
);

it('finds a sequence that is behind, and none that is ahead', async () => {
  await one.query(`SELECT nextval('"S 1".free')`);
  expect(await compareDatabases(one, other, SCOPE)).toEqual([
    { object: 'sequence "S 1".free', problem: "gives out 1 next, before the other's 2" },
  ]);
  await other.query(`SELECT nextval('"S 1".free') FROM generate_series(1, 3)`);
  expect(await compareDatabases(one, other, SCOPE)).toEqual([]);
});

it('finds what the database itself, and its large objects, are not', async () => {
  await one.query(`SELECT lo_from_bytea(5000, 'contents'), lo_from_bytea(5001, 'the same')`);
  const database = await readDatabaseFacts(one);
  await other.query('BEGIN');
  try {
    await other.query(`
      SELECT lo_from_bytea(5000, 'others'), lo_from_bytea(5001, 'the same');
      COMMENT ON DATABASE "checker b" IS 'hidden'; ALTER DATABASE "checker b" SET work_mem = '7MB';
      GRANT CREATE ON DATABASE "checker b" TO "checker: reads"`);
    expect(differentFacts(database, await readDatabaseFacts(other))).toEqual([
      { object: 'database', problem: expect.stringMatching(/comment is "hidden".*CREATE/) as string },
      { object: 'large object 5000', problem: expect.stringContaining('contents is') as string },
      { object: 'setting of the database: work_mem', problem: 'is extra' },
    ]);
  } finally {
    await other.query('ROLLBACK');
  }
});
