import { beforeAll, describe, expect, it } from 'vitest';
import { ident, literal } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { syncFields } from '../../src/results/sync.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { expectEqual, untilReplicating } from '../harness/migration.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';

let pair: TestPair;

const settings = (side: TestDatabase): Promise<unknown[]> =>
  side.sql(
    `SELECT setrole::regrole::text AS role, setting FROM pg_db_role_setting, unnest(setconfig) setting
      WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1, 2`,
  );
const database = (side: TestDatabase): Promise<Record<string, unknown>[]> =>
  side.sql(
    `SELECT shobj_description(oid, 'pg_database') AS comment,
            (SELECT jsonb_agg((x.grantee::regrole::text, x.privilege_type)::text ORDER BY x.grantee::regrole::text, x.privilege_type)
               FROM aclexplode(datacl) x WHERE pg_get_userbyid(x.grantee) NOT IN ($1, $2)) AS acl
       FROM pg_database WHERE datname = current_database()`,
    [pair.names.pglogical.name, pair.names.owner.name],
  );
const objects = (side: TestDatabase): Promise<unknown[]> =>
  side.sql(
    `SELECT oid::text, md5(lo_get(oid)), length(lo_get(oid)), pg_get_userbyid(lomowner) AS owner, lomacl::text AS acl,
            obj_description(oid, 'pg_largeobject') AS comment FROM pg_largeobject_metadata m ORDER BY m.oid`,
  );
const inSchema = (name: string): string => `${ident(pair.schema)}.${ident(name)}`;

beforeAll(async () => {
  pair = await testPair({ hostile: true });
  const [app, db, schema] = [ident(pair.names.app.name), ident(pair.names.database), ident(pair.schema)];
  await pair.src.sql(`
    ALTER DATABASE ${db} SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE ${db} SET search_path = ${schema}, "a, b", public;
    ALTER DATABASE ${db} SET "belt.test" = ${literal("o'x \\ =1")}; ALTER DATABASE ${db} SET statement_timeout = '90min';
    ALTER DATABASE ${db} SET default_transaction_read_only = off; ALTER DATABASE ${db} SET work_mem = '7MB';
    ALTER ROLE ${app} IN DATABASE ${db} SET DateStyle = 'German';
    COMMENT ON DATABASE ${db} IS ${literal('it\'s "the" source \\')};
    REVOKE CONNECT, TEMPORARY ON DATABASE ${db} FROM PUBLIC; GRANT CONNECT, CREATE ON DATABASE ${db} TO ${app} WITH GRANT OPTION`);
  await pair.dst.sql(`ALTER DATABASE ${db} SET work_mem = '9MB'`);
  await pair.src.ownerSql(`
    CREATE TABLE t (id int PRIMARY KEY, v int, at timestamptz);
    INSERT INTO t SELECT i, i % 3, '2026-01-01 20:00+00' FROM generate_series(1, 30) i;
    CREATE TABLE odd (id int PRIMARY KEY, d int); INSERT INTO odd VALUES (1, 1);
    CREATE MATERIALIZED VIEW "z below" AS SELECT v, count(*) AS n FROM t GROUP BY v;
    CREATE UNIQUE INDEX "z u" ON "z below" (v);
    CREATE VIEW "between" AS SELECT * FROM "z below" WHERE n > 1;
    CREATE FUNCTION top() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(n) FROM "between"; END;
    CREATE MATERIALIZED VIEW "a above;" AS SELECT top() AS n;
    CREATE FUNCTION hidden() RETURNS bigint LANGUAGE plpgsql SET search_path = ${schema}
      AS 'BEGIN RETURN (SELECT n FROM "z below" LIMIT 1); END';
    CREATE MATERIALIZED VIEW "a hidden" AS SELECT hidden() AS n;
    CREATE MATERIALIZED VIEW "by hour" AS SELECT to_char(at, 'YYYY-MM-DD HH24') AS h, count(*) FROM t GROUP BY 1;
    CREATE MATERIALIZED VIEW never AS SELECT 1 AS one WITH NO DATA;
    CREATE MATERIALIZED VIEW fails AS SELECT 1 / d AS x FROM odd`);
  // Dense, with a hole, longer than a piece, empty.
  await pair.src.sql(`
    SELECT lo_from_bytea(700001, 'abc'), lo_create(700002), lo_create(700003),
           lo_from_bytea(700004, convert_to(repeat('0123456789', 350000), 'UTF8'));
    SELECT lo_put(700003, 10, 'x'), lo_put(700003, 5000000, 'far');
    ALTER LARGE OBJECT 700001 OWNER TO ${ident(pair.names.owner.name)};
    GRANT SELECT ON LARGE OBJECT 700001 TO ${app}; COMMENT ON LARGE OBJECT 700003 IS ${literal("o'x \\")}`);
}, 60_000);

describe('what belongs to the database', () => {
  it('setup carries grants and comment; settings wait for the cutover', async () => {
    expectSuccess(await pair.belt(['setup', '--accept', 'large-objects']));
    expect(await database(pair.dst)).toEqual(await database(pair.src));
    expect(await settings(pair.dst)).toEqual([{ role: '-', setting: 'work_mem=9MB' }]);
    await untilReplicating(pair.dst, 'pg1_pg2');
    const again = checkedJson(await pair.belt(['setup', '--accept', 'large-objects', '--json']), detailFields, [pair]);
    expect(again.results[0]?.steps.find(({ name }) => name === 'grant-database-privileges')?.status).toBe('skipped');
  });

  it('analyze --refresh fills the views before the cutover, in their order; one that fails stops no other', async () => {
    await pair.src.ownerSql('UPDATE odd SET d = 0');
    await pair.dst.sql(`UPDATE ${inSchema('odd')} SET d = 0`);
    expectSuccess(await pair.belt(['create-indexes']));
    const run = await pair.belt(['analyze', '--refresh']);
    expectFailure(run, {
      config: pair.config,
      says: [/materialized view .*"fails" could not be refreshed: .*division by zero/],
    });
    const filled = await pair.dst.sql<{ relname: string }>(
      `SELECT relname FROM pg_class WHERE relkind = 'm' AND relispopulated AND relnamespace = to_regnamespace($1) ORDER BY 1`,
      [ident(pair.schema)],
    );
    expect(filled.map(({ relname }) => relname)).toEqual(['a above;', 'a hidden', 'by hour', 'z below']);
    // The source's database has another time zone than belt's sessions, and than the destination's.
    expect(await pair.dst.sql(`SELECT h FROM ${inSchema('by hour')}`)).toEqual([{ h: '2026-01-02 05' }]);
    await pair.src.ownerSql('UPDATE odd SET d = 1');
    await pair.dst.sql(`UPDATE ${inSchema('odd')} SET d = 1`);
  });

  it('sync --dry-run shows it all and changes nothing', async () => {
    await pair.src.disconnect();
    expectSuccess(await pair.belt(['teardown-forward-replication']));
    const before = await everything(pair);
    const run = await pair.belt(['sync', '--large-objects', '--refresh', '--dry-run', '--json']);
    const [row] = checkedJson(run, syncFields, [pair]).results;
    for (const name of ['copy-large-objects', 'refresh-views', 'database-settings']) {
      expect(row?.steps.find((step) => step.name === name)?.status, name).toBe('planned');
    }
    expect(await everything(pair)).toEqual(before);
    expect(await objects(pair.dst)).toEqual([]);
  });

  it('sync says of large objects that are not asked for; carries the settings, but what is set otherwise', async () => {
    const [row] = checkedJson(await pair.belt(['sync', '--json']), syncFields, [pair]).results;
    const step = (name: string) => row?.steps.find((one) => one.name === name);
    expect(row?.error).toBeNull();
    expect(step('copy-large-objects')?.message).toMatch(/NOT COPIED without --large-objects: the source has 4/);
    expect(step('database-settings')?.message).toMatch(
      /LEFT: default_transaction_read_only \(ALTER DATABASE .*work_mem: it is set to something else/s,
    );
    if (row === undefined || !('detail' in row)) throw new Error('no result');
    // Those filled before are left: only the one that failed is refreshed.
    expect(row.detail.views.map(({ name, status }) => [name, status])).toEqual([['fails', 'refreshed']]);
    const wanted = (await settings(pair.src)).filter((one) => !/work_mem|read_only/.test(JSON.stringify(one)));
    expect(await settings(pair.dst)).toEqual(expect.arrayContaining(wanted));
    expect(await settings(pair.dst)).toHaveLength(wanted.length + 1);
  });

  it('sync --large-objects --refresh copies them under their numbers, and refreshes again', async () => {
    const run = await pair.belt(['sync', '--large-objects', '--refresh', '--json']);
    const [row] = checkedJson(run, syncFields, [pair]).results;
    if (row === undefined || !('detail' in row)) throw new Error(run.text);
    expect(row.error).toBeNull();
    expect(row.detail.large_objects).toMatchObject({ source: 4, destination: 4, copied: 4 });
    expect(await objects(pair.dst)).toEqual(await objects(pair.src));
    const views = new Map(row.detail.views.map((view) => [view.name, view.concurrently]));
    expect(Object.fromEntries(views)).toEqual({
      'z below': true,
      'a above;': false,
      'a hidden': false,
      'by hour': false,
      fails: false,
    });
    const order = [...views.keys()];
    expect(order.indexOf('z below')).toBeLessThan(order.indexOf('a above;'));
    await expectEqual(pair);
  });

  it('finds all done the second time, and names a large object that is another', async () => {
    const before = [await everything(pair), await objects(pair.dst), await settings(pair.dst)];
    const [row] = checkedJson(await pair.belt(['sync', '--large-objects', '--json']), syncFields, [pair]).results;
    if (row === undefined || !('detail' in row)) throw new Error('no result');
    expect(row.detail.large_objects?.copied).toBe(0);
    expect(row.detail.views).toEqual([]);
    expect([await everything(pair), await objects(pair.dst), await settings(pair.dst)]).toEqual(before);
    await pair.dst.sql("SELECT lo_put(700004, 2000000, 'other')");
    expectFailure(await pair.belt(['sync', '--large-objects']), {
      config: pair.config,
      says: [/1 large objects have other contents .*: 700004/, /\[step copy-large-objects\]/],
    });
  });
});

describe('extensions', () => {
  it('--no-extensions refuses before anything is touched, and names what is missing', async () => {
    const other = await testPair({ srcSql: 'CREATE TABLE t (id int PRIMARY KEY)' });
    await other.src.sql('CREATE SCHEMA "Ext \'s"; CREATE EXTENSION citext SCHEMA "Ext \'s"');
    const before = await everything(other);
    expectFailure(await other.belt(['setup', '--no-extensions']), {
      config: other.config,
      says: [
        /lacks extensions of the source: "citext"/,
        /CREATE EXTENSION "citext" SCHEMA "Ext 's";/,
        /\[step check-extensions\]/,
      ],
    });
    expect(await everything(other)).toEqual(before);
    // One that the destination cannot have: it is called so on the source only.
    await other.src.sql('CREATE EXTENSION hstore');
    await other.src.ownerSql('CREATE TABLE "needs \'it" (id int PRIMARY KEY, h hstore)');
    await other.src.sql("UPDATE pg_extension SET extname = 'not_to_be_had' WHERE extname = 'hstore'");
    expectFailure(await other.belt(['setup', '--accept', 'extension-unavailable']), {
      config: other.config,
      says: [/does not have extensions that schema .* needs: "not_to_be_had" \(column h of table .*needs 'it/],
    });
    expect(await other.dst.sql('SELECT FROM pg_extension WHERE extname <> $1', ['plpgsql'])).toEqual([]);
  });
});
