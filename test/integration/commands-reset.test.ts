import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { awkwardSchema } from '../harness/awkward.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { expectEqual, must } from '../harness/migration.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';

const COMMAND = 'reset';

/** Rows that are gone: the source stays larger than its copy. */
const LARGER = `${ORDERS};
  INSERT INTO "Order Details" (v, n) SELECT repeat('x', 200), i FROM generate_series(1, 2000) i;
  DELETE FROM "Order Details" WHERE v LIKE 'xx%'`;

const count = async (side: TestDatabase, table = 'Order Details'): Promise<number> =>
  (await side.sql(`SELECT FROM ${ident(side.names.schema)}.${ident(table)}`)).length;

/** The test's own sessions on the destination would pass for the application's. */
async function alone(pair: TestPair): Promise<void> {
  await Promise.all([pair.src.disconnect(), pair.dst.disconnect()]);
}

async function step(pair: TestPair, name: string, words: readonly string[] = []) {
  const { results } = checkedJson(await pair.belt([COMMAND, '--json', ...words]), detailFields, [pair]);
  return results[0]?.steps.find((one) => one.name === name);
}

describe('belt reset', () => {
  let pair: TestPair;

  /** What of the destination's schema is made after the data. */
  const deferred = async (): Promise<string[]> => {
    const rows = await pair.dst.sql<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relname = 'Order Details_v_idx'
       UNION ALL SELECT conname FROM pg_constraint WHERE conname = 'n_check'`,
    );
    return rows.map(({ name }) => name);
  };

  beforeAll(async () => {
    pair = await testPair({ srcSql: LARGER });
    await replicate(pair, 'both');
    await alone(pair);
  });

  it('--dry-run changes nothing', async () => {
    // Made too early, they would slow the next copy down, or stop it.
    expectSuccess(await pair.belt(['create-indexes']));
    expectSuccess(await pair.belt(['load-constraints']));
    expect(await deferred()).toEqual(['Order Details_v_idx', 'n_check']);
    await alone(pair);
    const before = await everything(pair);
    expect(await step(pair, 'empty-tables', ['--dry-run'])).toMatchObject({ status: 'planned' });
    expect(await everything(pair)).toEqual(before);
  });

  it('is refused while clients are connected to the destination, with the figures', async () => {
    const app = await pair.dst.connect(pair.names.app);
    const run = await pair.belt([COMMAND]);
    await app.end();
    expectFailure(run, {
      config: pair.config,
      says: [
        new RegExp(
          `destination database .* may be more than a copy: clients are connected to the destination: 1 of ${pair.names.app.name} \\(1 table of the destination holds rows, [\\d.]+ \\w+ there, [\\d.]+ \\w+ on the source\\)`,
        ),
      ],
    });
    await waitForStatus(pair, 'replicating', 'replicating');
  });

  it('names who holds a table of the destination instead of waiting for ever', async () => {
    const reader = await pair.dst.connect();
    await reader.query('BEGIN; SELECT FROM "Shop Data"."Order Details"');
    const run = await pair.belt([COMMAND]);
    await reader.query('ROLLBACK');
    await reader.end();
    expectFailure(run, {
      config: pair.config,
      says: [
        /emptying the tables in the destination database .* needs locks that others hold: pid \d+ \(postgres, idle in transaction for \d+ s\) \[step empty-tables\]/,
      ],
    });
    expect(await count(pair.dst)).toBe(20);
  });

  it('goes on where it stopped; the source keeps its rows, and setup begins anew', async () => {
    expect(await step(pair, 'empty-tables')).toMatchObject({ status: 'ok', message: 'emptied 1' });
    expect([await count(pair.src), await count(pair.dst)]).toEqual([20, 0]);
    expect(await pair.dst.sql(`SELECT FROM pg_namespace WHERE nspname = 'belt'`)).toEqual([]);
    expect(await deferred()).toEqual([]);
    await waitForStatus(pair, 'unconfigured');

    await pair.src.sql(`INSERT INTO "Shop Data"."Order Details" (v, n) VALUES ('new', 1)`);
    await replicate(pair, 'both');
    expect([await count(pair.src), await count(pair.dst)]).toEqual([21, 21]);
    await alone(pair);
  });

  it('finds nothing to do the second time', async () => {
    expectSuccess(await pair.belt([COMMAND]));
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt([COMMAND, '--json']), detailFields, [pair]);
    const work = results.flatMap(({ steps }) => steps.filter(({ name }) => !/^check-(sides|before)/.test(name)));
    expect(work.length).toBeGreaterThan(7);
    expect(work.filter(({ status }) => status !== 'skipped')).toEqual([]);
    expect(await everything(pair)).toEqual(before);
  });

  it.each([
    [/drop subscription pg2_pg1 .*\(/, 0],
    [/slot on the source and its origin .*\(/, 0],
    [/empty the tables .*\(/, 0],
  ])('killed after %s, it completes when run again', { timeout: 90_000 }, async (matches, afterMs) => {
    await replicate(pair, 'both');
    await alone(pair);
    const killed = await pair.belt([COMMAND], { killAtLine: { matches, afterMs } });
    expect(killed.signal, killed.text).toBe('SIGKILL');
    expectSuccess(await pair.belt([COMMAND]));
    expect([await count(pair.src), await count(pair.dst)]).toEqual([21, 0]);
    expect(await pair.src.sql(`SELECT FROM pg_namespace WHERE nspname = 'belt'`)).toEqual([]);
    await alone(pair);
  });

  it('then, the migration goes to its end', async () => {
    await replicate(pair);
    await alone(pair);
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
    await expectEqual(pair);
    await must(pair, ['restore-logins']);
  });
});

describe('belt reset with all sorts of objects and names', () => {
  it('empties what is linked together, and views that hold data', async () => {
    const pair = await testPair({
      hostile: true,
      srcSql: (names) => `${awkwardSchema(names)};
        CREATE TABLE "parts" (id int, day int, "of" bigint REFERENCES "select", PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE "parts 1" PARTITION OF "parts" FOR VALUES FROM (0) TO (10);
        CREATE TABLE "parts 2" PARTITION OF "parts" FOR VALUES FROM (10) TO (20);
        INSERT INTO "parts" SELECT n, n % 20, n FROM generate_series(1, 40) n;
        CREATE TABLE "fine print" (id int, day int, FOREIGN KEY (id, day) REFERENCES "parts", PRIMARY KEY (id, day));
        INSERT INTO "fine print" SELECT id, day FROM "parts"`,
    });
    await pair.src.disconnect();
    await replicate(pair);
    await pair.dst.sql(`REFRESH MATERIALIZED VIEW ${ident(pair.schema)}."Counts"`);
    expect(await count(pair.dst, 'parts')).toBe(40);
    await alone(pair);
    expectSuccess(await pair.belt([COMMAND, '--force']));
    for (const table of ['parts', 'fine print', 'select', 'a"b']) {
      expect(await count(pair.dst, table), table).toBe(0);
      expect(await count(pair.src, table), table).toBeGreaterThan(0);
    }
    expect(await pair.dst.sql(`SELECT relispopulated FROM pg_class WHERE relname = 'Counts'`)).toEqual([
      { relispopulated: false },
    ]);
    await replicate(pair);
    await alone(pair);
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
    await expectEqual(pair);
  });

  it('is refused, and changes nothing, when a table outside the migration refers to one', async () => {
    const pair = await testPair({ srcSql: LARGER });
    await replicate(pair);
    await pair.dst.sql(
      'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.notes (id int REFERENCES "Shop Data"."Order Details")',
    );
    await alone(pair);
    const before = await everything(pair);
    const run = await pair.belt([COMMAND, '--force']);
    expectFailure(run, {
      config: pair.config,
      says: [/not part of the migration refer to .*: notes_id_fkey of elsewhere\.notes/, /Drop these foreign keys/],
    });
    expect(await everything(pair)).toEqual(before);
    expect(await count(pair.dst)).toBe(20);
  });
});

describe('belt reset and the live database', () => {
  let pair: TestPair;

  beforeAll(async () => {
    pair = await testPair({ srcSql: ORDERS });
    await replicate(pair);
    await alone(pair);
  });

  /** Swaps the sides of the config, or makes both the destination, for one run. */
  async function withSides(change: (config: TestPair['config']) => void, words: readonly string[]) {
    const { src, dst } = pair.config;
    change(pair.config);
    await pair.writeConfig();
    try {
      return await pair.belt([COMMAND, ...words]);
    } finally {
      Object.assign(pair.config, { src, dst });
      await pair.writeConfig();
    }
  }

  it.each([['--force'], ['--dry-run']])('is refused when the sides are swapped, %s or not', async (word) => {
    const before = await everything(pair);
    const run = await withSides(
      (config) => {
        [config.src, config.dst] = [config.dst, config.src];
      },
      [word],
    );
    expectFailure(run, {
      config: pair.config,
      says: [/the sides of "shop" are swapped: the source database .* is pglogical node pg2, .* is pg1/],
    });
    expect(await everything(pair)).toEqual(before);
    expect(await count(pair.src)).toBe(20);
    await alone(pair);
  });

  it.each([['--force'], ['--dry-run']])('is refused when both sides are one database, %s or not', async (word) => {
    const run = await withSides(
      (config) => {
        config.dst = config.src;
      },
      [word],
    );
    expectFailure(run, {
      config: pair.config,
      says: [/source and destination of "shop" are one and the same database: server \d+/],
    });
    expect(await count(pair.src)).toBe(20);
    await alone(pair);
  });

  it('is refused when the destination is as large as the source; --force goes on', async () => {
    await pair.dst.sql(
      `INSERT INTO "Shop Data"."Order Details" (id, v, n) SELECT 5000 + i, repeat('x', 200), i FROM generate_series(1, 500) i;
       DELETE FROM "Shop Data"."Order Details" WHERE id > 5000`,
    );
    await alone(pair);
    const run = await pair.belt([COMMAND]);
    expectFailure(run, {
      config: pair.config,
      says: [/it is as large as the source, or larger \(1 table of the destination holds rows, /, /--force goes on/],
    });
    expect(await count(pair.dst)).toBe(20);
    await waitForStatus(pair, 'replicating');
    expectSuccess(await pair.belt([COMMAND, '--force']));
    expect(await count(pair.dst)).toBe(0);
    await replicate(pair, 'both');
    await alone(pair);
  });

  it('is refused after the cutover, even with --force', async () => {
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
    await pair.dst.sql(`INSERT INTO "Shop Data"."Order Details" (id, v, n) VALUES (9001, 'precious', 1)`);
    await alone(pair);
    const says = [
      /forward replication is not configured any more/,
      new RegExp(`roles of the source have lost LOGIN: .*${pair.names.app.name}`),
      /restore-logins/,
    ];
    expectFailure(await pair.belt([COMMAND]), { config: pair.config, says });
    expectFailure(await pair.belt([COMMAND, '--force']), { config: pair.config, says });
    expect(await count(pair.dst)).toBe(21);
    await waitForStatus(pair, 'unconfigured', 'replicating');
  });

  it('after a rollback, --force starts over', async () => {
    await must(pair, ['teardown-back-replication']);
    await must(pair, ['restore-logins']);
    const app = await pair.dst.connect(pair.names.app);
    expectFailure(await pair.belt([COMMAND, '--force']), {
      config: pair.config,
      says: [new RegExp(`clients are connected to the destination: 1 of ${pair.names.app.name}`)],
    });
    await app.end();
    await alone(pair);
    expectFailure(await pair.belt([COMMAND]), { config: pair.config, says: [/not configured any more/, /--force/] });
    expectSuccess(await pair.belt([COMMAND, '--force']));
    expect([await count(pair.src), await count(pair.dst)]).toEqual([21, 0]);
    await replicate(pair);
    expect(await count(pair.dst)).toBe(21);
  });

  it('is refused where nothing shows that this is the destination', async () => {
    const stranger = await testPair({
      srcSql: ORDERS,
      dstSql: `${ORDERS}; CREATE TABLE "other" (id int)`,
    });
    await alone(stranger);
    const run = await stranger.belt([COMMAND, '--force']);
    expectFailure(run, {
      config: stranger.config,
      says: [/nothing shows that the destination database .* is not pglogical node pg2, and 2 of its tables hold rows/],
    });
    expect(await count(stranger.dst)).toBe(20);
  });
});
