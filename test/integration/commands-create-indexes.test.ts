import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { createIndexesFields } from '../../src/results/create-indexes.js';
import { loadConstraintsFields } from '../../src/results/load-constraints.js';
import { checkedJson, everything, expectSuccess, ORDERS } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { AWKWARD_SCHEMA } from './schema.sql.js';

const create = async (pair: TestPair, ...options: string[]) => {
  const run = await pair.belt(['create-indexes', ...options, '--json']);
  const [row] = checkedJson(run, createIndexesFields, [pair]).results;
  if (row === undefined || !('indexes' in row)) throw new Error(run.text);
  return row;
};

/** The schema on the destination as load-schema leaves it. */
const loaded = async (pair: TestPair): Promise<void> => {
  expectSuccess(await pair.belt(['dump-schema']));
  expectSuccess(await pair.belt(['load-schema']));
};

describe.each([false, true])('belt create-indexes --concurrently (hostile names: %s)', (hostile) => {
  let pair: TestPair;

  beforeAll(async () => {
    pair = await testPair({
      hostile,
      srcSql: (names) => AWKWARD_SCHEMA(ident(names.app.name), ident(names.schema)),
    });
    await loaded(pair);
  });

  it('makes every index, with partitions attached, while somebody has written to the tables', async () => {
    const { indexes, success } = await create(pair, '--concurrently');
    expect(success).toBe(true);
    expect(new Set(indexes.map(({ status }) => status))).toEqual(new Set(['created']));
    expectSuccess(await pair.belt(['load-constraints']));
    expectSuccess(await pair.belt(['diff-schemas', '--full']));
  });

  it('finds them there the second time', async () => {
    const before = await everything(pair);
    const { steps } = await create(pair, '--concurrently');
    expect(steps[0]).toMatchObject({ name: 'create-indexes', status: 'skipped' });
    expect(await everything(pair)).toEqual(before);
  });
});

describe('belt create-indexes', () => {
  it('--concurrently holds up nobody who writes, which the plain one does', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    await loaded(pair);
    const writer = await pair.dst.connect();
    await writer.query(`BEGIN; INSERT INTO "Shop Data"."Order Details" (v, n) VALUES ('open', 1)`);
    const run = pair.belt(['create-indexes', '--concurrently']);
    const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                      AND query LIKE 'CREATE INDEX CONCURRENTLY%'`;
    await expect.poll(async () => (await pair.dst.sql(waits)).length, { timeout: 30_000, interval: 50 }).toBe(1);
    const other = await pair.dst.connect();
    await other.query(
      `SET lock_timeout = '2s'; INSERT INTO "Shop Data"."Order Details" (v, n) VALUES ('meanwhile', 2)`,
    );
    await other.end();
    await writer.query('COMMIT');
    await writer.end();
    expectSuccess(await run);
  });

  it.each([
    ['plain', []],
    ['concurrently', ['--concurrently']],
  ])('names what fails, why and what to do, and leaves nothing INVALID (%s)', async (_, options) => {
    const pair = await testPair({
      srcSql: `CREATE TABLE t (id int PRIMARY KEY, v int); CREATE UNIQUE INDEX "U v" ON t (v); CREATE INDEX w ON t (v, id);
        CREATE TABLE h (v int);
        CREATE FUNCTION by_path(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN gone($1); END';
        CREATE INDEX by_path_idx ON h (by_path(v))`,
    });
    await loaded(pair);
    await pair.dst.ownerSql('INSERT INTO t VALUES (1, 7), (2, 7); INSERT INTO h VALUES (1)');
    const { indexes, error, analyze_ran } = await create(pair, ...options);
    expect(indexes.map(({ name, status }) => [name, status])).toEqual([
      ['U v', 'failed'],
      ['by_path_idx', 'failed'],
      ['w', 'created'],
    ]);
    expect(indexes[0]?.error).toMatch(/\(v\)=\(7\) is duplicated/);
    expect(indexes[1]).toMatchObject({
      hint: expect.stringMatching(/ALTER FUNCTION \.\.\. SET search_path/) as string,
    });
    expect(error?.detail?.['hint']).toMatch(
      /ALTER FUNCTION \.\.\. SET search_path.*Indexes that are there are skipped/,
    );
    expect(analyze_ran).toBe(false);
    expect(await pair.dst.sql('SELECT FROM pg_index WHERE NOT indisvalid')).toEqual([]);
    await pair.dst.ownerSql(`DELETE FROM t WHERE id = 2; DROP TABLE h CASCADE; CREATE TABLE h (v int)`);
    const again = await create(pair, ...options);
    expect(again.indexes.map(({ status }) => status)).toEqual(['created', 'created', 'skipped_exists']);
  });

  it('--concurrently drops the INVALID rest of an earlier build, and says so', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    await loaded(pair);
    const table = '"Shop Data"."Order Details"';
    await pair.dst.ownerSql(`INSERT INTO "Order Details" (v) VALUES ('same'), ('same')`);
    await expect(
      pair.dst.ownerSql(`CREATE UNIQUE INDEX CONCURRENTLY "Order Details_v_idx" ON ${table} (v)`),
    ).rejects.toThrow(/could not create unique index/);
    const { steps } = await create(pair, '--concurrently');
    expect(steps[0]?.message).toMatch(/created 1 of 1; dropped INVALID ones of earlier builds: "Order Details_v_idx"/);
    expect(await pair.dst.sql('SELECT FROM pg_index WHERE NOT indisvalid')).toEqual([]);
  });

  it('--from-files takes the files although there is a source', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    await loaded(pair);
    await pair.src.ownerSql('CREATE INDEX later ON log (line)');
    const fromFiles = await create(pair, '--from-files');
    expect(fromFiles).toMatchObject({ indexes_file: 'schemas/dc1/shop/indexes.sql' });
    expect(fromFiles.indexes.map(({ name }) => name)).toEqual(['Order Details_v_idx']);
    const fromSource = await create(pair);
    expect(fromSource).toMatchObject({ indexes_file: null });
    expect(fromSource.indexes.map(({ name, status }) => [name, status])).toEqual([
      ['Order Details_v_idx', 'skipped_exists'],
      ['later', 'created'],
    ]);
  });
});

describe('belt load-constraints', () => {
  it('names the constraint that cannot be added, and tells what is missing', async () => {
    const pair = await testPair({
      srcSql: `${ORDERS}; ALTER TABLE log ADD CONSTRAINT "a 1" CHECK (line <> '') NOT VALID`,
    });
    await loaded(pair);
    await pair.dst.ownerSql('ALTER TABLE log RENAME line TO other');
    const run = await pair.belt(['load-constraints']);
    expectFailure(run, {
      config: pair.config,
      says: [
        /NOT VALID constraint "a 1" could not be added to table "Shop Data"\."log": .*column "line" does not exist/,
      ],
    });
    const { results } = checkedJson(await pair.belt(['load-constraints', '--json']), loadConstraintsFields, [pair]);
    expect(results).toMatchObject([
      { success: false, detail: { constraints: [{ name: 'n_check' }, { name: 'a 1', status: 'missing' }] } },
    ]);
    await pair.dst.ownerSql('ALTER TABLE log RENAME other TO line');
    const mended = checkedJson(await pair.belt(['load-constraints', '--json']), loadConstraintsFields, [pair]);
    expect(mended.results).toMatchObject([{ success: true, detail: { constraints_file: null } }]);
    expectSuccess(await pair.belt(['create-indexes']));
    expectSuccess(await pair.belt(['diff-schemas', '--full']));
  });
});
