import { beforeAll, describe, expect, it } from 'vitest';
import { checkPkeysFields } from '../../src/results/check-pkeys.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

const TABLES = `
  CREATE TABLE "Order ""Details""" ("Order" int, "line, no" int, PRIMARY KEY ("line, no", "Order"));
  CREATE TABLE "select" (id serial PRIMARY KEY);
  CREATE TABLE late (id int PRIMARY KEY DEFERRABLE);
  CREATE TABLE by_index (id int NOT NULL UNIQUE);
  ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_id_key;
  CREATE UNLOGGED TABLE cache (id int PRIMARY KEY);
  CREATE TABLE "log" (line text);
  CREATE TABLE parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE parts_all PARTITION OF parts DEFAULT`;

let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ hostile: true, srcSql: TABLES });
});

const rowOf = async () => {
  const [row] = checkedJson(await pair.belt(['check-pkeys', '--json']), checkPkeysFields, [pair]).results;
  if (row === undefined || !('detail' in row)) throw new Error('no result');
  return row;
};

describe('belt check-pkeys', () => {
  it('tells tables with a primary key from those without, and how each moves', async () => {
    const before = await everything(pair);
    const { detail } = await rowOf();
    expect(detail.with_primary_key).toEqual(['Order "Details"', 'cache', 'parts', 'parts_all', 'select']);
    expect(detail.without_primary_key).toEqual(['by_index', 'late', 'log']);
    expect(detail.schema_name).toBe(pair.schema);
    expect(Object.fromEntries(detail.tables.map(({ name, ...rest }) => [name, Object.values(rest)]))).toEqual({
      'Order "Details"': [['line, no', 'Order'], 'pglogical', null],
      select: [['id'], 'pglogical', null],
      late: [null, 'dump_and_load', 'its primary key is deferrable'],
      by_index: [null, 'pglogical', null],
      cache: [['id'], 'dump_and_load', expect.stringMatching(/^unlogged/)],
      log: [null, 'dump_and_load', 'has no primary key'],
      parts: [['id', 'at'], 'unavailable', expect.stringMatching(/partitions are moved instead/)],
      parts_all: [['id', 'at'], 'pglogical', null],
    });
    expect(await everything(pair)).toEqual(before);
  });

  it('is a table for a person', async () => {
    const run = await pair.belt(['check-pkeys']);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^Order "Details" +line, no, Order +pglogical$/m);
    expect(run.stdout).toMatch(/^log +none +dump and load +has no primary key$/m);
    expect(run.stdout).toMatch(/^5 with a primary key, 3 without\.$/m);
  });

  it('keeps to the tables of the config, and needs no destination', async () => {
    const { dst } = pair.config;
    Object.assign(pair.config, { tables: ['log', 'parts'], dst: null });
    await pair.writeConfig();
    const { detail } = await rowOf();
    Object.assign(pair.config, { tables: [], dst });
    await pair.writeConfig();
    expect(detail.with_primary_key).toEqual(['parts', 'parts_all']);
    expect(detail.without_primary_key).toEqual(['log']);
  });

  it('of a schema that is not there is a failure, not an empty list', async () => {
    Object.assign(pair.config, { schema_name: 'No Such' });
    await pair.writeConfig();
    const run = await pair.belt(['check-pkeys']);
    Object.assign(pair.config, { schema_name: pair.schema });
    await pair.writeConfig();
    expectFailure(run, {
      config: pair.config,
      says: [/the source database ".*" has no schema "No Such"/, /Check "schema_name" in the config/],
    });
  });

  it('wants the database named', async () => {
    const run = await pair.beltRaw(['check-pkeys', pair.dc]);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr).toMatch(/missing required argument 'db'/);
  });
});
