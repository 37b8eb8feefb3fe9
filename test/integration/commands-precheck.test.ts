import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { precheckFields } from '../../src/results/precheck.js';
import { checkedJson, everything, expectSuccess, ORDERS } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  pair = await testPair({
    srcSql: `${ORDERS};
      CREATE TABLE tree (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED);
      CREATE SEQUENCE "Numbers"`,
  });
  second = await testPair({
    hostile: true,
    project: pair.dir,
    db: 'users',
    srcSql: 'CREATE TABLE "a""b" (id int PRIMARY KEY)',
  });
});

afterEach(async () => {
  await pair.writeConfig();
});

describe('belt precheck', () => {
  it('shows servers, tables, sequences and extensions of one database, and changes nothing', async () => {
    const before = await everything(pair);
    const run = await pair.belt(['precheck']);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop +src +\d+[\d.]* +\d+ +\d+ +\d+ +logical +ok +2\.\d\S* /m);
    expect(run.stdout).toMatch(/^Order Details +pglogical +Shop Data +Owner_/m);
    expect(run.stdout).toMatch(/^log +dump and load +Shop Data +Owner_\S+ +\S/m);
    expect(run.stdout).toMatch(/^tree +pglogical /m);
    expect(run.stdout).toMatch(/^Numbers +Shop Data +Owner_/m);
    expect(run.stdout).toMatch(/^plpgsql +yes$/m);
    expect(run.stdout).toMatch(/All requirements are met\.\n$/);
    expect(await everything(pair)).toEqual(before);
  });

  it('gives the same as JSON, twice', async () => {
    const look = async () => {
      const { results } = checkedJson(await pair.belt(['precheck', '--json']), precheckFields, [pair]);
      return results;
    };
    const first = await look();
    expect(first).toMatchObject([
      {
        db: 'shop',
        success: true,
        src: {
          schema_name: 'Shop Data',
          tables: [
            { name: 'Order Details', has_primary_key: true, replication_method: 'pglogical', can_replicate: true },
            { name: 'log', has_primary_key: false, replication_method: 'dump_and_load', can_replicate: true },
            { name: 'tree', has_primary_key: true, replication_method: 'pglogical' },
          ],
          sequences: [{ name: 'Numbers' }, { name: 'Order Details_id_seq' }],
          root_ok: true,
          owner_ok: true,
          shared_preload_ok: true,
        },
        dst: { tables: [], sequences: [], root_ok: true },
        client_tools: [
          { name: 'pg_dump', ok: true },
          { name: 'pg_restore', ok: true },
          { name: 'psql', ok: true },
        ],
      },
    ]);
    expect(await look()).toEqual(first);
  });

  it('takes the whole datacenter, a line for each side, without the tables', async () => {
    const run = await pair.beltRaw(['precheck', pair.dc]);
    expectSuccess(run);
    expect(run.stdout.match(/^(?:shop|users)? +(?:src|dst) /gm)?.map((line) => line.trim().replace(/ +/, ' '))).toEqual(
      ['shop src', 'dst', 'users src', 'dst'],
    );
    expect(run.stdout).not.toMatch(/^Order Details/m);
    const { db, results } = checkedJson(await pair.beltRaw(['precheck', pair.dc, '--json']), precheckFields, [
      pair,
      second,
    ]);
    expect(db).toBeNull();
    expect(results.map((row) => row.db)).toEqual(['shop', 'users']);
  });

  it('fails, exit code 1 in table and JSON alike, when an extension is not to be had on the destination', async () => {
    await pair.src.sql(
      `CREATE SCHEMA IF NOT EXISTS far; UPDATE pg_extension SET extname = 'no such extension' WHERE extname = 'plpgsql'`,
    );
    try {
      const run = await pair.belt(['precheck']);
      expectFailure(run, {
        config: pair.config,
        says: [/1 requirement is not met: dst: extension no such extension is not installed/],
      });
      expect(run.stdout).toMatch(
        /^FAIL +destination: extension no such extension is not installed on the server +\[extension-unavailable\]\n +Install its package/m,
      );
      const { results } = checkedJson(await pair.belt(['precheck', '--json']), precheckFields, [pair]);
      expect(results).toMatchObject([
        { success: false, extensions_match: false, error: { error_type: 'CheckFailedError' } },
      ]);
    } finally {
      await pair.src.sql(
        `DROP SCHEMA far; UPDATE pg_extension SET extname = 'plpgsql' WHERE extname = 'no such extension'`,
      );
    }
  });

  it('fails when a role that grants name is not on the destination, and says how to make it', async () => {
    const role = `granted ${pair.names.id}`;
    await pair.src.sql(`CREATE ROLE "${role}"; GRANT SELECT ON "Shop Data"."Order Details" TO "${role}"`);
    const run = await pair.belt(['precheck']);
    expectFailure(run, { config: pair.config, says: [new RegExp(`role ${role} does not exist`)] });
    expect(run.stdout).toMatch(
      new RegExp(`FAIL +destination: role ${role} .*Order Details.*\\n +Run on the destination: CREATE ROLE "${role}"`),
    );
    await pair.src.sql(`REVOKE ALL ON "Shop Data"."Order Details" FROM "${role}"; DROP ROLE "${role}"`);
    expectSuccess(await pair.belt(['precheck']));
  });

  it('fails when root is no superuser', async () => {
    if (pair.config.dst !== null) pair.config.dst.root_user = pair.names.app;
    await pair.writeConfig();
    const run = await pair.belt(['precheck']);
    if (pair.config.dst !== null)
      pair.config.dst.root_user = {
        ...(pair.config.src?.root_user ?? pair.names.root),
        pw: pair.dst.server.info.password,
      };
    expectFailure(run, { config: pair.config, says: [/role App_\S+ must be a superuser/] });
    expect(run.stdout).toMatch(/^ +dst .* unfit +ok /m);
  });
});
