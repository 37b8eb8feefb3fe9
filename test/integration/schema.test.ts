import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RefusedError, ToolError } from '../../src/errors.js';
import type { Pair } from '../../src/pair/pair.js';
import { ident } from '../../src/postgres/quote.js';
import { toolEnvironment } from '../../src/process/connection.js';
import { runTool } from '../../src/process/run.js';
import { checkTools, findDumpTools } from '../../src/process/tools.js';
import { createIndexes, failedIndexes, missingIndexes } from '../../src/schema/deferred-indexes.js';
import { missingExtensions } from '../../src/schema/extensions.js';
import { missingGrantRoles, requireGrantRoles } from '../../src/schema/grant-roles.js';
import { loadSchema } from '../../src/schema/load.js';
import { schemaSteps } from '../../src/schema/load-steps.js';
import { refreshViews, viewsToRefresh } from '../../src/schema/materialized-views.js';
import { addConstraints, missingConstraints } from '../../src/schema/not-valid-constraints.js';
import { ownerPlan, setOwners } from '../../src/schema/object-owners.js';
import { sourceOrigin } from '../../src/schema/origin.js';
import { prepareSchemas, schemaLoaded } from '../../src/schema/prepare.js';
import { missingSchemaPrivileges } from '../../src/schema/privileges.js';
import { openPair } from '../harness/open-pair.js';
import { testPair, type PairOptions, type TestPair } from '../harness/pair.js';
import { AWKWARD_SCHEMA } from './schema.sql.js';

const open = (test: TestPair, variables: NodeJS.ProcessEnv = process.env): Pair => openPair(test, undefined, variables);

async function start(options: PairOptions): Promise<{ test: TestPair; pair: Pair }> {
  const test = await testPair(options);
  return { test, pair: open(test) };
}

/** The schema as pg_dump writes it, without the lines that tell the two servers apart. */
async function dumped(pair: Pair, side: 'src' | 'dst'): Promise<string> {
  const { dst } = await pair.roots();
  const { dump } = await findDumpTools(pair.environment, { source: dst.major, destination: dst.major });
  const { stdout } = await runTool({
    name: 'pg_dump',
    path: dump.path,
    args: ['--schema-only', `--schema=${ident((await pair.schemas()).text)}`],
    env: toolEnvironment(pair.environment, pair[side].address('root'), {
      applicationName: 'test',
      timeouts: { statement: 0, lock: 0 },
    }),
    purpose: 'test',
  });
  return stdout
    .split('\n')
    .filter((line) => !/^(-- Dumped |\\(un)?restrict )/.test(line))
    .join('\n');
}

function carryOver(pair: Pair): Promise<void> {
  return pair.run(schemaSteps(pair, { createRoles: false }));
}

const awkward = { srcSql: (names: TestPair['names']) => AWKWARD_SCHEMA(ident(names.app.name), ident(names.schema)) };

describe('carrying a schema over', () => {
  it.each([false, true])('loses nothing (hostile names: %s)', async (hostile) => {
    const { test, pair } = await start({ ...awkward, hostile });
    await test.src.sql('CREATE EXTENSION IF NOT EXISTS pglogical');
    expect(await schemaLoaded(pair)).toBe(false);
    expect(await missingGrantRoles(pair)).toEqual([]);
    await carryOver(pair);
    expect(await schemaLoaded(pair)).toBe(true);

    // What a foreign key or a replica identity rests on came with the tables, and nothing else.
    const first = await missingIndexes(pair);
    const names = first.all.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['plain', 'INDEX plain', 'ix\nnewline', 'mvi', 'p_v', 'u_other']));
    for (const kept of ['u_ri', 'u_k', 'p_u', 'p1_id_d_v_idx', 'p_pkey']) expect(names).not.toContain(kept);
    expect(first.missing.map(({ index }) => index.name)).toEqual(names);

    // Rows that break the NOT VALID constraints get in before they are there.
    await test.dst.ownerSql(
      `INSERT INTO "select" (v, a) VALUES (-1, -5), (3, 1); INSERT INTO p VALUES (1, '2020-02-02', 'x')`,
    );
    const constraints = await missingConstraints(pair);
    expect(constraints.missing).toHaveLength(constraints.all.length);
    expect(constraints.all.map(({ name }) => name).sort()).toEqual(
      [
        ...['both', 'chk 1', 'handed_down', 'kept_to_itself', 'not neg', 'p1_check', 'p_check'],
        ...['shared', 'shared', "x'; DROP TABLE y; --"],
      ].sort(),
    );
    await addConstraints(pair, constraints);
    expect((await missingConstraints(pair)).missing).toEqual([]);
    await expect(test.dst.ownerSql('INSERT INTO "select" (v) VALUES (-2)')).rejects.toThrow(/chk 1/);

    const results = await createIndexes(pair.dst, first, { jobs: 2 });
    expect(results.filter(({ status }) => status !== 'created')).toEqual([]);
    expect((await missingIndexes(pair)).missing).toEqual([]);

    expect((await viewsToRefresh(pair, false)).map(({ label }) => label)).toEqual(['A mv', 'A above']);
    expect((await refreshViews(pair, await viewsToRefresh(pair, false))).error).toBeUndefined();
    expect(await viewsToRefresh(pair, false)).toEqual([]);
    expect(await test.dst.ownerSql('SELECT count(*)::int AS n FROM "A above"')).toEqual([{ n: 1 }]);

    expect(await missingSchemaPrivileges(pair)).toEqual([]);
    const { src, dst } = await pair.roots();
    if (src.major === dst.major) expect(await dumped(pair, 'dst')).toBe(await dumped(pair, 'src'));
    const invalid = `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid`;
    expect(await test.dst.sql(invalid)).toEqual(await test.src.sql(invalid));
  });

  it('mends what a killed run left half done', async () => {
    const { test, pair } = await start(awkward);
    await carryOver(pair);
    await createIndexes(pair.dst, await missingIndexes(pair), { jobs: 2 });
    await addConstraints(pair, await missingConstraints(pair));
    await test.dst.ownerSql(
      `COMMENT ON INDEX plain IS NULL; ALTER TABLE "select" SET WITHOUT CLUSTER;
       ALTER INDEX "INDEX plain" ALTER COLUMN 1 SET STATISTICS -1; DROP INDEX "Ix ""x""";
       COMMENT ON CONSTRAINT "chk 1" ON "select" IS NULL`,
    );
    await test.dst.sql(
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT oid FROM pg_class WHERE relname = 'u_other'
         AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1))`,
      [test.schema],
    );
    const { missing, all } = await missingIndexes(pair);
    expect(missing.map(({ index }) => index.name).sort()).toEqual(['INDEX plain', 'Ix "x"', 'plain', 'u_other']);
    const results = await createIndexes(pair.dst, { missing, all }, { jobs: 8 });
    expect(results.filter(({ status }) => status === 'created')).toHaveLength(4);
    await addConstraints(pair, await missingConstraints(pair));
    expect((await refreshViews(pair, await viewsToRefresh(pair, false))).error).toBeUndefined();
    const { src, dst } = await pair.roots();
    if (src.major === dst.major) expect(await dumped(pair, 'dst')).toBe(await dumped(pair, 'src'));
  });

  it('builds the other indexes when one fails, and says which failed and why', async () => {
    const { test, pair } = await start({
      srcSql:
        'CREATE TABLE t (id int PRIMARY KEY, v int); CREATE UNIQUE INDEX "U v" ON t (v); CREATE INDEX w ON t (v, id)',
    });
    await carryOver(pair);
    await test.dst.ownerSql('INSERT INTO t VALUES (1, 7), (2, 7)');
    const results = await createIndexes(pair.dst, await missingIndexes(pair), { jobs: 4 });
    expect(results.map(({ name, status }) => [name, status])).toEqual([
      ['U v', 'failed'],
      ['w', 'created'],
    ]);
    expect(failedIndexes(pair.dst, results)?.message).toMatch(/"U v".*\(v\)=\(7\) is duplicated/);
  });

  it('builds an index on a function that counts on search_path, or says what to do', async () => {
    const { test, pair } = await start({
      srcSql: `CREATE TABLE t (v int); CREATE FUNCTION helper(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
        CREATE FUNCTION by_path(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN helper($1); END';
        CREATE INDEX by_path_idx ON t (by_path(v))`,
    });
    await carryOver(pair);
    await test.dst.ownerSql('INSERT INTO t VALUES (1), (2)');
    const results = await createIndexes(pair.dst, await missingIndexes(pair), { jobs: 1 });
    const { dst } = await pair.roots();
    expect(results.map(({ status }) => status)).toEqual([dst.major < 17 ? 'created' : 'failed']);
  });

  it('names the constraint that cannot be added', async () => {
    const { test, pair } = await start({
      srcSql: 'CREATE TABLE t (id int PRIMARY KEY, v int); ALTER TABLE t ADD CONSTRAINT "c 1" CHECK (v > 0) NOT VALID',
    });
    await carryOver(pair);
    await test.dst.ownerSql('ALTER TABLE t DROP COLUMN v');
    await expect(addConstraints(pair, await missingConstraints(pair))).rejects.toThrow(
      /"c 1" could not be added to table "Shop Data"."t".*column "v"/,
    );
  });

  it('waits for a lock that is let go', async () => {
    const { test, pair } = await start({
      srcSql: 'CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0) NOT VALID',
    });
    await carryOver(pair);
    const holder = await test.dst.connect();
    await holder.query(`BEGIN; LOCK TABLE ${ident(test.schema)}.t IN ACCESS SHARE MODE`);
    const released = pause(4_000).then(() => holder.query('ROLLBACK'));
    try {
      await addConstraints(pair, await missingConstraints(pair));
    } finally {
      // Ending a connection at work is an error for what it is at.
      await released;
      await holder.end();
    }
    expect((await missingConstraints(pair)).missing).toEqual([]);
  });

  it('loads all or nothing, and names the object that fails', async () => {
    const { test, pair } = await start({
      srcSql: 'CREATE TABLE "first one" (id int PRIMARY KEY)',
    });
    // Its table is in a schema that does not come along.
    await test.src.sql(
      `CREATE TABLE other_one (id int); CREATE VIEW ${ident(test.schema)}."a view" AS SELECT id FROM other_one`,
    );
    await prepareSchemas(pair);
    const error = await loadSchema(pair).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ToolError);
    expect((error as ToolError).message).toMatch(/nothing of it: VIEW Shop Data a view .*other_one.* does not exist/s);
    expect((error as ToolError).message).not.toContain(test.names.owner.pw);
    expect(await schemaLoaded(pair)).toBe(false);
  });

  it('loads what only a superuser may make, and all is its owner’s in the end', async () => {
    const { test, pair } = await start({ srcSql: 'CREATE TABLE one (id int PRIMARY KEY)' });
    const schema = ident(test.schema);
    await test.src.sql(
      `CREATE FUNCTION ${schema}."c fn"(text) RETURNS text LANGUAGE internal IMMUTABLE AS 'upper';
       ALTER FUNCTION ${schema}."c fn"(text) OWNER TO ${ident(test.names.owner.name)}`,
    );
    await prepareSchemas(pair);
    await loadSchema(pair);
    const plan = await ownerPlan(pair, sourceOrigin(pair));
    if (plan !== null) await setOwners(pair, plan);
    expect(
      await test.dst.sql(
        `SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relnamespace = $1::regnamespace AND relname = 'one'
         UNION ALL SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = $1::regnamespace`,
        [schema],
      ),
    ).toEqual([{ owner: test.names.owner.name }, { owner: test.names.owner.name }]);
    expect(await ownerPlan(pair, sourceOrigin(pair))).toEqual({ changes: [], left: [] });
  });

  it('ends the load that a killed belt left running, and begins anew', async () => {
    const { test, pair } = await start({ srcSql: 'CREATE TABLE one (id int PRIMARY KEY)' });
    await prepareSchemas(pair);
    const orphan = await test.dst.connect(test.names.owner);
    orphan.on('error', () => undefined);
    await orphan.query(
      `SET application_name = 'belt pg_restore'; BEGIN; CREATE TABLE ${ident(test.schema)}.one (id int)`,
    );
    await loadSchema(pair);
    expect(await schemaLoaded(pair)).toBe(true);
  });

  it('takes schema public, with the privileges it has on the source', async () => {
    const { test, pair } = await start({ schema: 'public' });
    const app = ident(test.names.app.name);
    await test.src
      .sql(`GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT USAGE ON SCHEMA public TO ${app} WITH GRANT OPTION;
      COMMENT ON SCHEMA public IS 'ours'; CREATE EXTENSION hstore;
      ALTER DEFAULT PRIVILEGES FOR ROLE ${ident(test.names.owner.name)} IN SCHEMA public GRANT ALL ON TABLES TO ${app}`);
    await test.src.ownerSql('CREATE TABLE "T" (id int PRIMARY KEY, h hstore)');
    await carryOver(pair);
    expect(await schemaLoaded(pair)).toBe(true);
    expect(await missingSchemaPrivileges(pair)).toEqual([]);
    const { src, dst } = await pair.roots();
    if (src.major === dst.major) expect(await dumped(pair, 'dst')).toBe(await dumped(pair, 'src'));
  });

  it('refuses a destination that has a part of the schema', async () => {
    const { test, pair } = await start({
      srcSql: 'CREATE TABLE one (id int); CREATE TABLE "two""" (id int)',
      dstSql: 'CREATE TABLE one (id int)',
    });
    const error = await schemaLoaded(pair).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect((error as RefusedError).message).toContain('"two""');
    expect(test.schema).toBe((await pair.schemas()).text);
  });

  it.each(['a*b?c$|+(d)', '.x.', 'UPPER', `q'u"o"te`, 'back\\slash', '%s'])(
    'takes schema %s and no other',
    async (schema) => {
      const { test, pair } = await start({ schema, srcSql: 'CREATE TABLE t (id int PRIMARY KEY)' });
      await test.src.sql('CREATE SCHEMA "aabxcd"; CREATE SCHEMA upper; CREATE TABLE upper.t (id int)');
      await carryOver(pair);
      expect(await schemaLoaded(pair)).toBe(true);
      expect(await test.dst.sql(`SELECT FROM pg_namespace WHERE nspname IN ('aabxcd', 'upper')`)).toEqual([]);
    },
  );

  it('names roles that privileges want and the destination lacks', async () => {
    const { test, pair } = await start({ srcSql: 'CREATE TABLE t (id int PRIMARY KEY)' });
    const role = `only "here" ${test.names.id}`;
    await test.src.sql(`CREATE ROLE ${ident(role)}; GRANT SELECT (id) ON ${ident(test.schema)}.t TO ${ident(role)}`);
    expect(await missingGrantRoles(pair)).toMatchObject([
      {
        role,
        canLogin: false,
        inPolicy: false,
        usedBy: ['column id of t'],
        statement: `CREATE ROLE ${ident(role)} NOLOGIN;`,
      },
    ]);
    expect(await requireGrantRoles(pair)).toContain(`grants to "${role}" (column id of t)`);
    await test.src.sql(`CREATE POLICY p ON ${ident(test.schema)}.t TO ${ident(role)}`);
    await expect(requireGrantRoles(pair)).rejects.toThrow(RefusedError);
  });

  it('creates extensions in the same schema', async () => {
    const { test, pair } = await start({});
    await test.src.sql(
      'CREATE SCHEMA "Ext s"; GRANT USAGE ON SCHEMA "Ext s" TO PUBLIC; CREATE EXTENSION citext SCHEMA "Ext s"; CREATE EXTENSION pglogical',
    );
    await test.src.ownerSql('CREATE TABLE t (id "Ext s".citext PRIMARY KEY)');
    expect(await missingExtensions(pair)).toMatchObject([
      { name: 'citext', schema: 'Ext s', available: true, createIn: 'Ext s' },
    ]);
    await carryOver(pair);
    expect(await missingExtensions(pair)).toEqual([]);
    expect(await schemaLoaded(pair)).toBe(true);
  });

  it('makes the schema itself, owned by the owner, for an extension in it too', async () => {
    const { test, pair } = await start({});
    const schema = ident(test.schema);
    await test.src.sql(`CREATE EXTENSION citext SCHEMA ${schema}`);
    await test.src.ownerSql('CREATE TABLE t (id citext PRIMARY KEY)');
    await test.dst.sql(`DROP SCHEMA ${schema}`);
    await carryOver(pair);
    const owner = 'SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1';
    expect(await test.dst.sql(owner, [test.schema])).toEqual([{ owner: test.names.owner.name }]);
  });

  it('works with a root that is no superuser', async () => {
    const { test } = await start({ srcSql: 'CREATE TABLE t (id int PRIMARY KEY); CREATE INDEX i ON t (id)' });
    const root = { name: `Root_${test.names.id}`, pw: `root-${test.names.id}` };
    for (const side of [test.src, test.dst]) {
      await side.sql(`CREATE ROLE ${ident(root.name)} LOGIN CREATEROLE PASSWORD '${root.pw}' IN ROLE pg_read_all_data`);
    }
    await test.dst.sql(`DROP SCHEMA ${ident(test.schema)}`);
    for (const side of [test.config.src, test.config.dst]) if (side !== null) side.root_user = root;
    const pair = open(test);
    await carryOver(pair);
    await createIndexes(pair.dst, await missingIndexes(pair), { jobs: 1 });
    expect((await missingIndexes(pair)).missing).toEqual([]);
  });

  it('says what to install where pg_dump is missing', async () => {
    const { test } = await start({ srcSql: 'CREATE TABLE t (id int)' });
    const pair = open(test, { ...process.env, BELT_PG_BIN: test.dir });
    await prepareSchemas(pair);
    await expect(loadSchema(pair)).rejects.toThrow(/pg_dump was not found/);
    const checks = await checkTools(pair.environment, { source: 15, destination: 15 });
    expect(checks.map(({ ok }) => ok)).toEqual([false, false, false]);
  });
});
