import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { createIndexesFields } from '../../src/results/create-indexes.js';
import { detailFields } from '../../src/results/detail.js';
import { dumpSchemaFields } from '../../src/results/dump-schema.js';
import { loadConstraintsFields } from '../../src/results/load-constraints.js';
import { checkedJson, everything, expectSuccess, ORDERS } from '../harness/commands.js';
import { expectFailure, expectNoSecret } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { EVERY_KIND } from './every-kind.sql.js';
import { AWKWARD_SCHEMA } from './schema.sql.js';

const KINDS = ['schema', 'load', 'indexes', 'constraints'] as const;
type Kind = (typeof KINDS)[number];

const fileOf = (pair: TestPair, kind: Kind): string => join(pair.dir, 'schemas', pair.dc, pair.db, `${kind}.sql`);
const textOf = (pair: TestPair, kind: Kind): Promise<string> => readFile(fileOf(pair, kind), 'utf8');
const edit = async (pair: TestPair, kind: Kind, change: (text: string) => string): Promise<void> => {
  const before = await textOf(pair, kind);
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(fileOf(pair, kind), after);
};

/** Keys of partitions, which are there before the data, below an index that is made later. */
const LOOSE = `
  CREATE TABLE loose (id int) PARTITION BY LIST (id);
  CREATE TABLE loose_1 PARTITION OF loose FOR VALUES IN (1);
  ALTER TABLE loose_1 ADD PRIMARY KEY (id);
  CREATE UNIQUE INDEX loose_once ON loose (id)`;

/** From now on belt knows nothing of the source. */
const forgetSource = async (pair: TestPair): Promise<void> => {
  pair.config.src = null;
  await pair.writeConfig();
};

describe.each([false, true])('the schema by way of files (hostile names: %s)', (hostile) => {
  let pair: TestPair;

  beforeAll(async () => {
    pair = await testPair({
      hostile,
      srcSql: (names) => AWKWARD_SCHEMA(ident(names.app.name), ident(names.schema)),
    });
    await pair.src.ownerSql(LOOSE);
    await pair.dst.sql(`DROP SCHEMA ${ident(pair.schema)}`);
  });

  it('is written, and nothing else is changed', async () => {
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt(['dump-schema', '--json']), dumpSchemaFields, [pair]);
    expect(results).toMatchObject([
      { success: true, detail: { files: KINDS.map((kind) => ({ kind, path: `schemas/dc1/shop/${kind}.sql` })) } },
    ]);
    expect(await everything(pair)).toEqual(before);
    for (const kind of KINDS) expectNoSecret(await textOf(pair, kind), pair.config);
    expect(await textOf(pair, 'schema')).toContain('CREATE INDEX plain ON');
    expect(await textOf(pair, 'load')).not.toContain('CREATE INDEX plain ON');
    expect(await textOf(pair, 'load')).not.toMatch(/^.*chk 1.*NOT VALID;$/m);
    expect(await textOf(pair, 'indexes')).toMatch(/"loose_once" ATTACH PARTITION .*"loose_1_pkey";$/m);
    expect(await textOf(pair, 'constraints')).toMatch(/ADD CONSTRAINT "chk 1" CHECK \(\(v > 0\)\) NOT VALID;$/m);
  });

  it('is written again as it was', async () => {
    const bodies = async (): Promise<string[]> => {
      const texts = await Promise.all(KINDS.map((kind) => textOf(pair, kind)));
      return texts.map((text) => text.replaceAll(/[0-9a-f]{32,64}/g, 'X').replaceAll(/^\\(un)?restrict .*$/gm, ''));
    };
    const before = await bodies();
    expectSuccess(await pair.belt(['dump-schema']));
    expect(await bodies()).toEqual(before);
  });

  it('is loaded without the source, and only once', async () => {
    const { src } = pair.config;
    await forgetSource(pair);
    const before = await everything(pair);
    const plan = checkedJson(await pair.belt(['load-schema', '--dry-run', '--json']), detailFields, [pair]);
    expect(plan.results[0]?.steps.find(({ name }) => name === 'load-schema')?.status).toBe('planned');
    expect(await everything(pair)).toEqual(before);

    expectSuccess(await pair.belt(['load-schema']));
    const loaded = await everything(pair);
    const { results } = checkedJson(await pair.belt(['load-schema', '--json']), detailFields, [pair]);
    const again = results[0]?.steps.filter(({ status }) => status !== 'skipped').map(({ name }) => name);
    expect(again).toEqual(['read-file', 'check-extensions', 'check-grant-roles']);
    expect(await everything(pair)).toEqual(loaded);

    pair.config.src = src;
    await pair.writeConfig();
    expectSuccess(await pair.belt(['diff-schemas']));
  });

  it('gets its indexes and constraints from the files, each once; all is as on the source then', async () => {
    const { src } = pair.config;
    await forgetSource(pair);
    const before = await everything(pair);
    for (const command of ['create-indexes', 'load-constraints'] as const) {
      expectSuccess(await pair.belt([command, '--dry-run']));
    }
    expect(await everything(pair)).toEqual(before);
    const indexes = checkedJson(await pair.belt(['create-indexes', '--json']), createIndexesFields, [pair]);
    expect(indexes.results).toMatchObject([
      { success: true, indexes_file: 'schemas/dc1/shop/indexes.sql', analyze_ran: true },
    ]);
    const constraints = checkedJson(await pair.belt(['load-constraints', '--json']), loadConstraintsFields, [pair]);
    expect(constraints.results).toMatchObject([
      { success: true, detail: { constraints_file: 'schemas/dc1/shop/constraints.sql' } },
    ]);
    const statuses = constraints.results.flatMap((row) =>
      'detail' in row ? row.detail.constraints.map(({ status }) => status) : [],
    );
    expect(statuses).toEqual(Array.from({ length: 10 }, () => 'added'));
    const made = await everything(pair);
    const again = checkedJson(await pair.belt(['create-indexes', '--json']), createIndexesFields, [pair]);
    expect(again.results[0]?.steps[0]).toMatchObject({ name: 'create-indexes', status: 'skipped' });
    expect((await pair.belt(['load-constraints'])).stderr).toMatch(/skipped +.*all 10 are there/);
    expect(await everything(pair)).toEqual(made);

    pair.config.src = src;
    await pair.writeConfig();
    const diff = await pair.belt(['diff-schemas', '--full']);
    expectSuccess(diff);
  });
});

describe('files that are as psql likes them', () => {
  it('come from belt, and psql makes of them what belt does', async () => {
    const pair = await testPair({ srcSql: (names) => EVERY_KIND(ident(names.app.name)) });
    await pair.src.ownerSql(LOOSE);
    expectSuccess(await pair.belt(['dump-schema']));
    const { findPsql } = await import('../../src/process/tools.js');
    const { runTool } = await import('../../src/process/run.js');
    const environment = {
      cwd: pair.dir,
      variables: process.env,
      pid: process.pid,
      signal: new AbortController().signal,
    };
    const psql = await findPsql(environment, 15);
    const { dst } = pair.config;
    for (const kind of ['load', 'indexes', 'constraints'] as const) {
      await runTool({
        name: 'psql',
        path: psql.path,
        args: ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', fileOf(pair, kind)],
        env: {
          PATH: process.env['PATH'] ?? '',
          PGHOST: dst?.host ?? '',
          PGPORT: String(dst?.port),
          PGDATABASE: dst?.db ?? '',
          PGUSER: pair.names.owner.name,
          PGPASSWORD: pair.names.owner.pw,
        },
        purpose: 'test',
      });
    }
    expectSuccess(await pair.belt(['diff-schemas', '--full']));
  });
});

describe('files that were edited', () => {
  let pair: TestPair;

  beforeAll(async () => {
    pair = await testPair({
      srcSql: `${ORDERS}; CREATE INDEX second ON "Order Details" (n); COMMENT ON INDEX second IS 'as it was';
        CREATE INDEX third ON "Order Details" (n, v); ALTER TABLE log ADD CONSTRAINT short CHECK (length(line) < 9) NOT VALID`,
    });
    expectSuccess(await pair.belt(['dump-schema']));
  });

  it('are not overwritten, but with --force', async () => {
    await edit(pair, 'indexes', (text) => text.replace('(n);', '(n DESC);').replace("IS 'as it was'", "IS 'as it is'"));
    const edited = await textOf(pair, 'indexes');
    const run = await pair.belt(['dump-schema']);
    expectFailure(run, {
      config: pair.config,
      says: [/schemas\/dc1\/shop\/indexes\.sql was changed since belt wrote it/, /--force/, /\[step check-files\]/],
    });
    expect(await textOf(pair, 'indexes')).toBe(edited);
    expectSuccess(await pair.belt(['dump-schema', '--force']));
    expect(await textOf(pair, 'indexes')).not.toContain('n DESC');
  });

  it('count as they stand: a statement that was changed, a block that was deleted', async () => {
    await edit(pair, 'indexes', (text) => {
      const blocks = text.split(/^(?=-- belt )/m).filter((block) => !block.includes('"name":"third"'));
      return blocks.join('').replace('(n);', '(n DESC);').replace("IS 'as it was'", "IS 'as it is'");
    });
    await edit(pair, 'constraints', (text) => text.replace('< 9', '< 8'));
    await edit(pair, 'load', (text) => text.replace('line text', 'line varchar(99)'));
    await forgetSource(pair);
    expectSuccess(await pair.belt(['load-schema']));
    expect((await pair.belt(['load-schema'])).stderr).toMatch(/skipped +load schema/);
    for (const command of ['create-indexes', 'load-constraints'] as const) {
      expectSuccess(await pair.belt([command]));
      expect((await pair.belt([command])).stderr, command).toMatch(/skipped +.*are there/);
    }
    expect(
      await pair.dst.sql(
        `SELECT indexdef, obj_description(('"Shop Data".' || quote_ident(indexname))::regclass) AS comment FROM pg_indexes
          WHERE schemaname = 'Shop Data' AND indexname IN ('second', 'third')`,
      ),
    ).toEqual([{ indexdef: expect.stringContaining('(n DESC)') as string, comment: 'as it is' }]);
    expect(
      await pair.dst.sql(`SELECT pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE conname = 'short'`),
    ).toEqual([{ def: 'CHECK ((length((line)::text) < 8)) NOT VALID' }]);
  });

  it('are refused when belt’s own lines are damaged', async () => {
    await edit(pair, 'indexes', (text) => text.replace('"part":"create"', '"part":"make"'));
    expectFailure(await pair.belt(['create-indexes']), {
      config: pair.config,
      says: [/indexes\.sql: a line that begins with "-- belt" was changed/, /dump-schema dc1 shop --force/],
    });
    await edit(pair, 'constraints', (text) => text.replace('-- belt-file', '-- beltfile'));
    expectFailure(await pair.belt(['load-constraints']), {
      config: pair.config,
      says: [/constraints\.sql is not a file that belt dump-schema wrote/],
    });
  });

  it('are missed when they are not there', async () => {
    await Promise.all(KINDS.map((kind) => rm(fileOf(pair, kind))));
    for (const [command, kind] of [
      ['load-schema', 'load'],
      ['create-indexes', 'indexes'],
      ['load-constraints', 'constraints'],
      ['remove-indexes', 'indexes'],
      ['remove-constraints', 'constraints'],
    ] as const) {
      expectFailure(await pair.belt([command]), {
        config: pair.config,
        says: [new RegExp(`there is no file schemas/dc1/shop/${kind}\\.sql`), /Run belt dump-schema dc1 shop/],
      });
    }
  });
});

describe('belt load-schema', () => {
  it('names the object that fails, its line and what PostgreSQL says, and loads nothing', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    await pair.src.sql(
      `CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t (id int); CREATE VIEW "Shop Data"."The View" AS SELECT * FROM elsewhere.t`,
    );
    expectSuccess(await pair.belt(['dump-schema']));
    await forgetSource(pair);
    const run = await pair.belt(['load-schema']);
    expectFailure(run, {
      config: pair.config,
      says: [
        /was not loaded into the destination database .*, nothing of it: schemas\/dc1\/shop\/load\.sql, line \d+ \(VIEW The View\): /,
        /relation "elsewhere\.t" does not exist/,
        /\[step load-schema\]/,
      ],
    });
    const { results } = checkedJson(await pair.belt(['load-schema', '--json']), detailFields, [pair]);
    const { object, line } = results[0]?.error?.detail ?? {};
    expect(object).toBe('VIEW The View');
    const rows = (await textOf(pair, 'load')).split('\n');
    expect(rows.slice(Number(line) - 4, Number(line)).join('\n')).toContain('elsewhere.t');
    expect(await pair.dst.sql(`SELECT FROM pg_class WHERE relnamespace = '"Shop Data"'::regnamespace`)).toEqual([]);
  });

  it('refuses where roles are missing, and a dump of another schema', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    const role = `only "here" ${pair.names.id}`;
    await pair.src.sql(`CREATE ROLE ${ident(role)}; GRANT SELECT ON "Shop Data".log TO ${ident(role)}`);
    expectSuccess(await pair.belt(['dump-schema']));
    await forgetSource(pair);
    if (pair.src.server.info.port !== pair.dst.server.info.port) {
      expectFailure(await pair.belt(['load-schema']), {
        config: pair.config,
        says: [/lacks roles without which schema/, /CREATE ROLE/, /\[step check-grant-roles\]/],
      });
      expectSuccess(await pair.belt(['load-schema', '--create-roles']));
      const may = `SELECT rolcanlogin, has_table_privilege(oid, '"Shop Data".log', 'SELECT') AS may FROM pg_roles WHERE rolname = $1`;
      expect(await pair.dst.sql(may, [role])).toEqual([{ rolcanlogin: false, may: true }]);
    }
    pair.config.schema_name = 'other';
    await pair.writeConfig();
    expectFailure(await pair.belt(['load-schema']), {
      config: pair.config,
      says: [/load\.sql is a dump of schema "Shop Data", not of schema "other"/],
    });
  });

  it('brings extensions along, and files go where nobody else reads and writes', async () => {
    const pair = await testPair({});
    await pair.src.sql(
      'CREATE SCHEMA "Ext s"; GRANT USAGE ON SCHEMA "Ext s" TO PUBLIC; CREATE EXTENSION citext SCHEMA "Ext s"',
    );
    await pair.src.ownerSql('CREATE TABLE t (id "Ext s".citext PRIMARY KEY)');
    expectSuccess(await pair.belt(['dump-schema']));
    expect((await stat(fileOf(pair, 'load'))).isFile()).toBe(true);
    await forgetSource(pair);
    expectSuccess(await pair.belt(['load-schema']));
    expect(
      await pair.dst.sql(`SELECT extnamespace::regnamespace::text AS s FROM pg_extension WHERE extname = 'citext'`),
    ).toEqual([{ s: '"Ext s"' }]);
  });

  it('says what to do where the folder cannot be written to', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    await writeFile(join(pair.dir, 'schemas'), 'a file');
    expectFailure(await pair.belt(['dump-schema']), {
      config: pair.config,
      says: [/the files in schemas\/dc1\/shop cannot be (read|written): ENOTDIR|EEXIST/],
    });
  });
});
