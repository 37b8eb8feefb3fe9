import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ident, literal } from '../../src/postgres/quote.js';
import { mustFail, until, untilReplicating, Writer, type Json } from '../harness/migration.js';
import type { TestNames } from '../harness/names.js';
import { testPair, type TestConfig, type TestPair } from '../harness/pair.js';
import { prove } from '../harness/proof.js';

/** Dots, quotes, commas and blanks: what could end a name where it is shown or found by its schema. */
const HOSTILE = `a.b "x", 'é'`;
const SCHEMAS = ['sales', 'stock', HOSTILE] as const;
const H = ident(HOSTILE);

/** Objects of the same names in every schema, with other rows, columns and definitions, and all that crosses schemas. */
function several({ owner, app, id }: TestNames): string {
  const keeper = ident(`Keeper_${id}`);
  const same = (schema: string, rows: number): string => `
    CREATE TABLE ${schema}.items (id serial PRIMARY KEY, mark text, n int DEFAULT ${String(rows)});
    CREATE INDEX items_mark ON ${schema}.items (mark) ${rows === 7 ? 'WHERE n > 0' : ''};
    ALTER TABLE ${schema}.items ADD CONSTRAINT items_n CHECK (n >= ${String(rows)}) NOT VALID;
    COMMENT ON CONSTRAINT items_n ON ${schema}.items IS ${literal(schema)};
    CREATE TABLE ${schema}.log (line text);
    CREATE TYPE ${schema}.mood AS ENUM (${literal(schema)}, 'other');
    CREATE DOMAIN ${schema}.percent AS int CONSTRAINT percent_check CHECK (VALUE >= 0);
    CREATE FUNCTION ${schema}.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * ${String(rows)}';
    CREATE SEQUENCE ${schema}.tickets START ${String(rows * 100)};
    SELECT nextval(${literal(`${schema}.tickets`)});
    INSERT INTO ${schema}.items (mark) SELECT ${literal(schema)} || i FROM generate_series(1, ${String(rows)}) i;
    INSERT INTO ${schema}.log SELECT 'line ' || i FROM generate_series(1, ${String(rows * 3)}) i;`;
  return `
    CREATE ROLE ${keeper};
    GRANT CREATE ON DATABASE ${ident(`Shop_${id}`)} TO ${keeper};
    CREATE SCHEMA stock AUTHORIZATION ${keeper};
    CREATE SCHEMA ${H} AUTHORIZATION ${ident(owner.name)};
    CREATE SCHEMA "left out" AUTHORIZATION ${ident(owner.name)};
    CREATE SCHEMA tools;
    CREATE EXTENSION citext SCHEMA tools;
    GRANT USAGE ON SCHEMA tools TO ${ident(owner.name)}, ${keeper};
    SET ROLE ${ident(owner.name)};
    ${same('sales', 3)}
    ${same(H, 7)}
    CREATE TABLE "left out".items (id int PRIMARY KEY);
    RESET ROLE; SET ROLE ${keeper};
    ${same('stock', 5)}
    GRANT USAGE ON SCHEMA stock TO ${ident(owner.name)}, ${ident(app.name)};
    GRANT SELECT, REFERENCES ON ALL TABLES IN SCHEMA stock TO ${ident(owner.name)};
    GRANT USAGE ON SEQUENCE stock.tickets TO ${ident(owner.name)};
    RESET ROLE;
    -- Over the borders: foreign keys both ways, a default of another schema's sequence, partitions, views, a type.
    ALTER TABLE sales.items ADD stock_item int DEFAULT 1 REFERENCES stock.items,
                            ADD ticket bigint DEFAULT nextval('stock.tickets'),
                            ADD mood ${H}.mood, ADD code tools.citext;
    ALTER TABLE stock.items ADD seller int REFERENCES sales.items DEFERRABLE INITIALLY DEFERRED;
    ALTER TABLE stock.log ADD CONSTRAINT named_alike CHECK (line <> '') NOT VALID;
    ALTER TABLE ${H}.items ADD seller int DEFAULT 1;
    UPDATE ${H}.items SET seller = 99 WHERE id = 3;
    ALTER TABLE ${H}.items ADD CONSTRAINT to_sales FOREIGN KEY (seller) REFERENCES sales.items NOT VALID;
    CREATE TABLE sales.parts (id int, "where" text, PRIMARY KEY (id, "where")) PARTITION BY LIST ("where");
    CREATE INDEX parts_id ON sales.parts (id);
    CREATE TABLE stock.parts PARTITION OF sales.parts FOR VALUES IN ('stock');
    CREATE TABLE ${H}.parts PARTITION OF sales.parts FOR VALUES IN ('hostile');
    INSERT INTO sales.parts SELECT i, w FROM generate_series(1, 20) i, unnest('{stock,hostile}'::text[]) w;
    CREATE VIEW sales.everything AS
      SELECT 'sales' AS "from", mark FROM sales.items UNION ALL SELECT 'stock', mark FROM stock.items
      UNION ALL SELECT 'hostile', mark FROM ${H}.items;
    CREATE MATERIALIZED VIEW ${H}.counts AS SELECT "from", count(*) FROM sales.everything GROUP BY 1;
    CREATE MATERIALIZED VIEW sales.counts AS SELECT sum(count) AS n FROM ${H}.counts;
    CREATE UNIQUE INDEX by_from ON ${H}.counts ("from");
    GRANT USAGE ON SCHEMA sales, ${H}, tools TO ${ident(app.name)};
    GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA sales, stock, ${H} TO ${ident(app.name)};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA sales, stock, ${H} TO ${ident(app.name)};
    COMMENT ON SCHEMA stock IS 'what there is';`;
}

/** A commit that writes into all three schemas. */
const WRITE = `
  WITH a AS (INSERT INTO sales.items (mark) VALUES ($1) RETURNING id),
       b AS (INSERT INTO stock.items (mark) VALUES ($1) RETURNING id),
       c AS (UPDATE ${H}.items SET mark = $1 WHERE id = 1 + length($1) % 2)
  INSERT INTO ${H}.items (mark) VALUES ($1)`;

/** What sync did on the destination. */
const REFRESH = `REFRESH MATERIALIZED VIEW ${H}.counts; REFRESH MATERIALIZED VIEW sales.counts`;

async function severalPair(
  schemaName: TestConfig['schema_name'],
  more: (config: TestConfig) => void = () => undefined,
) {
  const pair = await testPair({
    schema: 'sales',
    config: (config) => {
      config.schema_name = schemaName;
      more(config);
    },
  });
  await pair.src.sql(several(pair.names));
  await pair.dst.sql(`CREATE ROLE ${ident(`Keeper_${pair.names.id}`)}`);
  return pair;
}

/** One database's row of what belt prints, after a run that must end well. */
async function row<T = Record<string, unknown>>(pair: TestPair, ...words: [string, ...string[]]): Promise<T> {
  const run = await pair.belt([...words, '--json']);
  expect(run.exitCode, run.text).toBe(0);
  return run.json<Json>().results[0] as T;
}

/** Compares the schemas by what is no code of belt's. @returns how many rows there are */
async function equal(pair: TestPair, options: { byFiles?: boolean; backwards?: boolean } = {}): Promise<number> {
  const clients = await Promise.all([pair.src.connect(), pair.dst.connect()]);
  const [src, dst] = options.backwards === true ? ([clients[1], clients[0]] as const) : clients;
  let rows = 0;
  try {
    for (const schema of SCHEMAS) {
      const exceptRowsOf = options.backwards === true ? ['log', 'counts'] : [];
      const proof = await prove({ src, dst, schema, exceptRowsOf, sequences: options.backwards !== true });
      // Files give everything to one owner.
      const differences = proof.differences.filter(
        (one) => options.byFiles !== true || !/^(schema|grants) |owner /.test(one),
      );
      expect(differences, schema).toEqual([]);
      rows += proof.rows;
    }
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
  return rows;
}

const LABELS = { sales: 'sales.items', stock: 'stock.items', hostile: `"a.b ""x"", 'é'".items` };

describe('several schemas', () => {
  it('come over while the application writes into all of them', { timeout: 300_000 }, async () => {
    const pair = await severalPair([...SCHEMAS]);
    const writer = await Writer.start(pair.src, WRITE, { pauseMs: 20 });
    interface Side {
      schema_name: string;
      tables: { name: string; schema_name: string }[];
      sequences: { name: string; schema_name: string }[];
    }
    const before = await row<{ src: Side; findings: { object: string }[] }>(pair, 'precheck');
    expect(before.src.schema_name).toBe(`sales, stock, "a.b ""x"", 'é'"`);
    const items = before.src.tables.filter(({ name }) => name === 'items');
    expect(items.map(({ schema_name }) => schema_name).sort()).toEqual([...SCHEMAS].sort());
    expect(before.findings.map(({ object }) => object)).toContain('table "stock"."log"');
    const keys = await row<{ detail: { without_primary_key: string[] } }>(pair, 'check-pkeys');
    expect(keys.detail.without_primary_key).toEqual(expect.arrayContaining(['sales.log', 'stock.log']));

    await row(pair, 'setup');
    await untilReplicating(pair.dst, 'pg1_pg2');
    await row(pair, 'setup-back-replication');
    await row(pair, 'setup');
    const compared = await row<{ tables: { name: string; passed: boolean }[] }>(pair, 'validate-data', '--full');
    const names = compared.tables.filter(({ passed }) => passed).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.values(LABELS)));

    // Names that say which, and one that does not.
    for (const table of [LABELS.stock, `${H}.items`]) {
      const { tables } = await row<{ tables: { name: string }[] }>(pair, 'validate-data', '--table', table);
      expect(new Set(tables.map(({ name }) => name))).toEqual(
        new Set([table === LABELS.stock ? table : LABELS.hostile]),
      );
    }
    const ambiguous = await mustFail(pair, ['validate-data', '--table', 'items']);
    expect(ambiguous.error?.message).toContain(`"items" is in more than one schema: `);
    expect(ambiguous.error?.message).toContain('stock.items');

    await writer.stop();
    expect(writer.cut).toEqual([]);
    expect(writer.acknowledged.length).toBeGreaterThan(10);
    await row(pair, 'revoke-logins', '--disconnect');
    await row(pair, 'teardown-forward-replication');
    interface Synced {
      detail: {
        tables: { tables: { name: string; row_count: number }[] };
        indexes: { name: string; status: string }[];
      };
    }
    const { detail } = await row<Synced>(pair, 'sync');
    const copied = Object.fromEntries(detail.tables.tables.map(({ name, row_count }) => [name, row_count]));
    expect(copied).toEqual({ 'sales.log': 9, 'stock.log': 15, [LABELS.hostile.replace('items', 'log')]: 21 });
    expect(detail.indexes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['sales.items_mark', 'stock.items_mark']),
    );
    await pair.src.sql(REFRESH);
    expect(await equal(pair)).toBeGreaterThan(100);
    await row(pair, 'diff-schemas', '--full');
    await row(pair, 'diff-sequences');
    await row(pair, 'analyze');
    await row(pair, 'create-indexes');

    // A difference is told with its schema, by all that compare. In a table that is not replicated home.
    await pair.dst.sql(`UPDATE stock.log SET line = 'changed' WHERE line = 'line 2'; DROP INDEX ${H}.items_mark`);
    const wrong = await mustFail(pair, ['validate-data', '--full']);
    expect(wrong.error?.message).toMatch(/1 table .* differs .*table "stock\.log"/);
    const lacking = await mustFail(pair, ['diff-schemas', '--full']);
    expect(lacking['differences']).toMatchObject([{ kind: 'index', object: `${H}.items_mark`, problem: 'missing' }]);
    await pair.dst.sql(`UPDATE stock.log SET line = 'line 2' WHERE line = 'changed'`);
    const made = await row<{ indexes: { name: string; status: string }[] }>(pair, 'create-indexes');
    expect(made.indexes.filter(({ status }) => status === 'created').map(({ name }) => name)).toEqual([
      LABELS.hostile.replace('items', 'items_mark'),
    ]);

    // Back replication carries all three home.
    await pair.dst.sql(WRITE.replaceAll('$1', `'from the new one'`));
    const home = `SELECT FROM sales.everything WHERE mark = 'from the new one'`;
    await until('rows come home', async () => (await pair.src.sql(home)).length >= 4);
    await equal(pair, { backwards: true });
    await row(pair, 'teardown-back-replication');
    await row(pair, 'restore-logins');
    const all = await row<{ detail: object }>(pair, 'teardown', '--full');
    expect(all.detail).toMatchObject({ full: true });
    for (const side of [pair.src, pair.dst]) {
      const left = await side.sql(
        `SELECT nspname FROM pg_namespace, aclexplode(nspacl) x WHERE pg_get_userbyid(x.grantee) = $1`,
        [pair.names.pglogical.name],
      );
      expect(left).toEqual([]);
    }
  });

  it('come over by files, all of them with "*"', { timeout: 240_000 }, async () => {
    const pair = await severalPair('*');
    const { detail } = await row<{ detail: { tables: { name: string }[] } }>(pair, 'check-pkeys');
    expect(detail.tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['left out.items', LABELS.hostile]));
    await row(pair, 'dump-schema');
    const folder = join(pair.dir, 'schemas', pair.dc, pair.db);
    const load = await readFile(join(folder, 'load.sql'), 'utf8');
    expect(load).toMatch(/"schema":\["a\.b \\"x\\", 'é'","left out","public","sales","stock"\]/);
    expect(await readdir(folder)).toHaveLength(4);

    // Without the source: the files say what "*" is.
    const { src } = pair.config;
    pair.config.src = null;
    await pair.writeConfig();
    await row(pair, 'load-schema');
    await row(pair, 'load-constraints');
    const gone = await row<{ detail: { objects: { name: string; table: string }[] } }>(pair, 'remove-constraints');
    expect(gone.detail.objects.map(({ table }) => table)).toEqual(
      expect.arrayContaining(Object.values(LABELS).concat('stock.log')),
    );
    pair.config.src = src;
    await pair.writeConfig();

    await row(pair, 'setup', '--no-schema');
    await untilReplicating(pair.dst, 'pg1_pg2');
    await row(pair, 'reset', '--force');
    expect(await pair.dst.sql('SELECT FROM sales.items UNION ALL SELECT FROM stock.parts')).toEqual([]);
    await row(pair, 'setup', '--no-schema');
    await untilReplicating(pair.dst, 'pg1_pg2');
    await pair.src.sql(WRITE.replaceAll('$1', `'late'`));
    await row(pair, 'teardown-forward-replication');
    await row(pair, 'sync');
    await row(pair, 'diff-schemas', '--full');
    await pair.src.sql(REFRESH);
    expect(await equal(pair, { byFiles: true })).toBeGreaterThan(100);

    // A schema made since: with "*" it counts at once.
    await pair.src.sql('CREATE SCHEMA newer; CREATE TABLE newer.items (id int PRIMARY KEY)');
    const lacking = await mustFail(pair, ['diff-schemas']);
    expect(lacking['differences']).toMatchObject([{ kind: 'schema', object: 'newer', problem: 'missing' }]);
  });

  it('that are not there are all named, and so are names that could be several', { timeout: 60_000 }, async () => {
    const pair = await severalPair(['sales', 'No Such', 'stock', 'Nor This'], (config) => {
      config.tables = ['items', 'sales.log', 'nothing'];
    });
    const missing = await mustFail(pair, ['setup']);
    expect(missing.error?.message).toMatch(/has no schemas "No Such" and "Nor This"/);
    pair.config.schema_name = ['sales', 'stock'];
    await pair.writeConfig();
    const named = await mustFail(pair, ['setup']);
    expect(named.error?.message).toContain('1 table is not in schemas "sales" and "stock": "nothing"');
    expect(named.error?.message).toContain('"items" is in more than one schema: sales.items, stock.items');
    pair.config.tables = ['sales.items', 'log'];
    pair.config.schema_name = 'sales';
    await pair.writeConfig();
    const { detail } = await row<{ detail: { tables: { name: string }[] } }>(pair, 'check-pkeys');
    expect(detail.tables.map(({ name }) => name)).toEqual(['items', 'log']);
  });
});
