import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { diffSchemasFields } from '../../src/results/diff-schemas.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { EVERY_KIND } from './every-kind.sql.js';
import { AWKWARD_SCHEMA } from './schema.sql.js';

const COMMAND = 'diff-schemas';

const compare = async (pair: TestPair, ...options: string[]) => {
  const run = await pair.belt([COMMAND, ...options, '--json']);
  const [row] = checkedJson(run, diffSchemasFields, [pair]).results;
  if (row === undefined || !('differences' in row)) throw new Error(run.text);
  return row;
};

/** Each on the destination, with what diff-schemas has to say of it. */
const CHANGES = (app: string): readonly (readonly [sql: string, kind: string, object: string, problem: string])[] => [
  ['ALTER TABLE things ALTER "a""b" DROP NOT NULL', 'column', 'things."a""b"', 'changed'],
  ['ALTER TABLE things ALTER m DROP DEFAULT', 'column', 'things.m', 'changed'],
  ['ALTER TABLE things ALTER n SET STATISTICS -1', 'column', 'things.n', 'changed'],
  ['ALTER TABLE things ALTER big SET STORAGE EXTENDED', 'column', 'things.big', 'changed'],
  ['ALTER TABLE things ALTER whole TYPE timestamptz', 'column', 'things.whole', 'changed'],
  ['ALTER TABLE things ALTER id SET GENERATED ALWAYS', 'column', 'things.id', 'changed'],
  ['ALTER TABLE things DROP COLUMN s', 'column', 'things.s', 'missing'],
  ['ALTER TABLE base ADD COLUMN new int', 'column', 'base.new', 'extra'],
  ['ALTER TABLE things ALTER twice DROP EXPRESSION', 'column', 'things.twice', 'changed'],
  [`GRANT SELECT (d) ON things TO ${app}`, 'column', 'things.d', 'changed'],
  ['ALTER TABLE things DROP CONSTRAINT positive', 'constraint', 'positive on things', 'missing'],
  ['ALTER DOMAIN short DROP CONSTRAINT short_check', 'constraint', 'short_check on short', 'missing'],
  ['ALTER TABLE things SET (fillfactor = 80)', 'table', 'things', 'changed'],
  ['ALTER TABLE passing SET LOGGED', 'table', 'passing', 'changed'],
  ['ALTER TABLE base REPLICA IDENTITY DEFAULT', 'table', 'base', 'changed'],
  ['ALTER TABLE parts DETACH PARTITION parts_rest', 'table', 'parts_rest', 'changed'],
  ['ALTER TABLE derived NO INHERIT base', 'table', 'derived', 'changed'],
  ['DROP TABLE typed', 'table', 'typed', 'missing'],
  ['CREATE TABLE besides (id int PRIMARY KEY)', 'table', 'besides', 'extra'],
  ['ALTER INDEX "Mat v_id_idx" RENAME TO other', 'index', 'other', 'extra'],
  ['CREATE UNIQUE INDEX more ON base (id)', 'index', 'more', 'extra'],
  ['ALTER SEQUENCE counter CACHE 8', 'sequence', 'counter', 'changed'],
  ["ALTER TYPE mood ADD VALUE 'new'", 'enum type', 'mood', 'changed'],
  ['COMMENT ON COLUMN "Pair ""p"""."x y" IS NULL', 'column', '"Pair ""p"""."x y"', 'changed'],
  ["ALTER DOMAIN short SET DEFAULT 'y'", 'domain', 'short', 'changed'],
  ['ALTER FUNCTION plus_one(int) VOLATILE', 'function', 'plus_one(n integer)', 'changed'],
  ['DROP PROCEDURE "Do It"', 'procedure', '"Do It"(INOUT a integer)', 'missing'],
  ['DROP AGGREGATE total(int)', 'aggregate', 'total(integer)', 'missing'],
  ['DROP TRIGGER "Tr 1" ON things', 'trigger', '"Tr 1" on things', 'missing'],
  ['ALTER TABLE things ENABLE TRIGGER off', 'trigger', 'off on things', 'changed'],
  ['ALTER TABLE parts_1 DISABLE TRIGGER on_parts', 'trigger', 'on_parts on parts_1', 'extra'],
  ['ALTER TABLE derived DISABLE RULE no_delete', 'rule', 'no_delete on derived', 'changed'],
  ['DROP POLICY "some" ON things', 'policy', '"some" on things', 'missing'],
  ['ALTER STATISTICS both_columns SET STATISTICS 98', 'statistics', 'both_columns', 'changed'],
  ['ALTER VIEW joined RESET (security_barrier)', 'view', 'joined', 'changed'],
  [
    'CREATE OR REPLACE VIEW "One Table" AS SELECT id, n, "a""b" AS label FROM things WHERE n > 2',
    'view',
    '"One Table"',
    'changed',
  ],
  ['COMMENT ON COLUMN "One Table".label IS NULL', 'column', '"One Table".label', 'changed'],
  [
    'ALTER OPERATOR === (mood, mood) SET (RESTRICT = eqsel)',
    'operator',
    '"Shop Data".===("Shop Data".mood,"Shop Data".mood)',
    'changed',
  ],
  ['DROP COLLATION by_code', 'collation', 'by_code', 'missing'],
  ['ALTER TEXT SEARCH CONFIGURATION search DROP MAPPING FOR word', 'text search configuration', 'search', 'changed'],
  ['ALTER TEXT SEARCH DICTIONARY plain (STOPWORDS)', 'text search dictionary', 'plain', 'changed'],
  ['CREATE CAST (mood AS base) WITH FUNCTION to_base(mood)', 'cast', '"Shop Data".mood as "Shop Data".base', 'extra'],
  [
    `ALTER DEFAULT PRIVILEGES IN SCHEMA "Shop Data" GRANT SELECT ON TABLES TO ${app}`,
    'default privileges',
    'TABLES of (owner)',
    'extra',
  ],
  [`GRANT CREATE ON SCHEMA "Shop Data" TO ${app}`, 'schema', '"Shop Data"', 'changed'],
];

describe('belt diff-schemas of a schema with every kind of object', () => {
  let pair: TestPair;

  beforeAll(async () => {
    pair = await testPair({ srcSql: (names) => EVERY_KIND(ident(names.app.name)) });
    await replicate(pair);
  });

  it('finds the destination the same after setup, but for what waits for the data', async () => {
    const before = await everything(pair);
    expect(await compare(pair)).toMatchObject({
      success: true,
      result: 'match',
      reason: null,
      diff: '',
      differences: [],
    });
    const full = await compare(pair, '--full');
    expect(full.differences.map(({ kind, object, problem }) => `${kind} ${object} ${problem}`)).toEqual([
      'constraint later on things missing',
      ...['"Mat v_id_idx"', 'deferred_one', 'parts_1_at_idx', 'parts_at', 'parts_rest_at_idx'].map(
        (name) => `index ${name} missing`,
      ),
    ]);
    expect(full.diff).toContain('@@ constraint later on things: missing on the destination @@\n- CHECK ((n < ');
    expect(await everything(pair)).toEqual(before);
  });

  it('finds it the same when all is there', async () => {
    const owner = ident(pair.names.owner.name);
    await pair.dst.sql(`SET ROLE ${owner}; CREATE INDEX deferred_one ON "Shop Data".things (lower("a""b"));
      CREATE INDEX parts_at ON "Shop Data".parts (at); CREATE UNIQUE INDEX ON "Shop Data"."Mat v" (id); RESET ROLE`);
    await pair.dst.ownerSql(`ALTER TABLE things ADD CONSTRAINT later CHECK (n < 1000) NOT VALID;
      COMMENT ON CONSTRAINT later ON things IS 'not valid yet'`);
    expect((await compare(pair, '--full')).differences).toEqual([]);
  });

  it('sees every change, and nothing else', async () => {
    const app = ident(pair.names.app.name);
    await pair.dst.ownerSql(
      `CREATE FUNCTION to_base(mood) RETURNS base LANGUAGE sql IMMUTABLE AS 'SELECT NULL::"Shop Data".base'`,
    );
    const changes = CHANGES(app);
    for (const [sql] of changes) await pair.dst.ownerSql(sql);
    const { result, differences } = await compare(pair, '--full');
    expect(result).toBe('mismatch');
    const found = differences.map(({ kind, object, problem }) => `${problem}: ${kind} ${object}`);
    const wanted = changes.map(([, kind, object, problem]) => `${problem}: ${kind} ${object}`);
    // What comes with them on other objects.
    const alongWith = [
      'changed: index parts_rest_at_idx',
      'changed: index parts_rest_pkey',
      'extra: column derived.new',
      'extra: constraint parts_id_fkey on parts_rest',
      'extra: function to_base("Shop Data".mood)',
      'missing: index "Mat v_id_idx"',
    ];
    expect(found.filter((one) => !wanted.includes(one)).sort()).toEqual(alongWith.sort());
    expect(wanted.filter((one) => !found.includes(one))).toEqual([]);
  });
});

describe('belt diff-schemas', () => {
  let pair: TestPair;
  let second: TestPair;

  beforeAll(async () => {
    const srcSql = (names: TestPair['names']): string => AWKWARD_SCHEMA(ident(names.app.name), ident(names.schema));
    pair = await testPair({ srcSql });
    second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql });
  });

  it('says in one line that the destination has nothing yet', async () => {
    const run = await pair.belt([COMMAND]);
    expectFailure(run, {
      config: pair.config,
      says: [/schema "Shop Data" is not the same on both sides: .* is missing on the destination.* and \d+ more/],
    });
    expect(run.stdout).toMatch(/^shop +mismatch +\d+/m);
    expect(run.stdout).toMatch(/^shop: table parent is missing on the destination$/m);
    expect(run.stdout).not.toMatch(/column parent/);
  });

  it('takes the whole datacenter, whatever the names are; --full after all was made', async () => {
    for (const one of [pair, second]) {
      expectSuccess(await one.belt(['setup']));
      expectSuccess(await one.belt(['create-indexes']));
    }
    const run = await pair.beltRaw([COMMAND, pair.dc, '--json']);
    const { results } = checkedJson(run, diffSchemasFields, [pair, second]);
    expect(results).toMatchObject([
      { db: 'shop', success: true, result: 'match' },
      { db: 'users', success: true, result: 'match' },
    ]);
    const full = await compare(second, '--full');
    expect(new Set(full.differences.map(({ kind, problem }) => `${kind} ${problem}`))).toEqual(
      new Set(['constraint missing']),
    );
  });

  it('does not mind what setup put there for pglogical, nor who owns what on the source', async () => {
    const somebody = ident(`Somebody ${pair.names.id}`);
    await pair.src.sql(`CREATE ROLE ${somebody}; ALTER TABLE "Shop Data".secured OWNER TO ${somebody}`);
    expect((await compare(pair)).differences).toEqual([]);
    await pair.dst.sql(`ALTER TABLE "Shop Data".secured OWNER TO ${ident(pair.names.root.name)}`);
    const { differences } = await compare(pair);
    expect(differences).toMatchObject([{ kind: 'table', object: 'secured', problem: 'changed' }]);
    expect(differences[0]?.src).toEqual([`owned by ${somebody}`]);
  });

  it('skips a database of which only some tables move', async () => {
    const some = await testPair({ srcSql: ORDERS, config: (config) => (config.tables = ['log']) });
    const row = await compare(some);
    expect(row).toMatchObject({ success: true, result: 'skipped', differences: [] });
    expect(row.reason).toMatch(/lists tables/);
  });

  it('refuses a schema that the source has not', async () => {
    const other = await testPair({ config: (config) => (config.schema_name = 'shop data') });
    expectFailure(await other.belt([COMMAND]), {
      config: other.config,
      says: [/source database .* has no schema "shop data"/, /schema_name/],
    });
  });
});
