import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { compareAll, type CompareAllOptions } from '../../src/data/full/compare-all.js';
import { fullStep } from '../../src/data/full/full-step.js';
import { copyTables } from '../../src/data/copy-tables.js';
import type { Validation } from '../../src/data/validate.js';
import { CheckFailedError, InterruptedError } from '../../src/errors.js';
import type { Pair } from '../../src/pair/pair.js';
import { ident } from '../../src/postgres/quote.js';
import { must, until, untilReplicating, Writer } from '../harness/migration.js';
import { openPair } from '../harness/open-pair.js';
import { testPair, type PairOptions, type TestDatabase, type TestPair } from '../harness/pair.js';
import { AWKWARD_TABLES, COPIED_ROWS, KEYED_ROWS } from './data.sql.js';

async function start(options: PairOptions): Promise<{ test: TestPair; pair: Pair }> {
  const test = await testPair({ hostile: true, ...options });
  return { test, pair: openPair(test) };
}

/** Tables with every kind of type, key and name, with the same rows on both sides. */
async function awkward(): Promise<{ test: TestPair; pair: Pair }> {
  const made = await start({ srcSql: AWKWARD_TABLES + KEYED_ROWS + COPIED_ROWS, dstSql: AWKWARD_TABLES + KEYED_ROWS });
  await copyTables(made.pair);
  return made;
}

function details({ result }: Validation): string[] {
  return result.tables.flatMap(({ name, mismatch_detail }) =>
    mismatch_detail === null ? [] : [`${name}: ${mismatch_detail}`],
  );
}

const NUMBERED = 'CREATE TABLE numbered (id int PRIMARY KEY, "va lue" text, other numeric);';
const NUMBERED_ROWS = `INSERT INTO numbered SELECT g, 'v' || g, g / 4.0 FROM generate_series(1, 20000) AS g;`;
/** With rows in another order, as a table that has lived has them. */
const NUMBERED_ROWS_TURNED = `INSERT INTO numbered SELECT g, 'v' || g, g / 4.0 FROM generate_series(20000, 1, -1) AS g;`;

/** A table of 20,000 rows, equal but for what is changed on the destination. */
async function numbered(changes = ''): Promise<{ test: TestPair; pair: Pair }> {
  return start({ srcSql: NUMBERED + NUMBERED_ROWS, dstSql: NUMBERED + NUMBERED_ROWS_TURNED + changes });
}

describe('compareAll on equal tables', () => {
  it('finds all rows of all types, keys and names equal', async () => {
    const { pair } = await awkward();
    const { result, differences, error } = await compareAll(pair);
    expect(error).toBeUndefined();
    expect(differences).toEqual([]);
    expect(result.schema_name).toBe((await pair.schemas()).text);
    const rows = new Map<string, number>(result.tables.map(({ name, rows_compared }) => [name, rows_compared]));
    expect(Object.fromEntries(rows)).toMatchObject({
      select: 700,
      'Order Details': 749,
      'parts 1': 99,
      parts_2: 201,
      "x'; DROP TABLE y; --": 5000,
      unlogged: 300,
      generated: 300,
      no_columns: 1,
      empty_one: 0,
      by_citext: 300,
      only_json: 300,
    });
    expect(rows.has('parts')).toBe(false);
    expect(result.tables.every(({ strategy, passed }) => strategy === 'full' && passed)).toBe(true);
  });

  it('reads them in pieces, side by side, with the same result', async () => {
    const { pair } = await awkward();
    const told: string[] = [];
    const { result, error } = await compareAll(pair, {
      jobs: 3,
      rangeBytes: 8192,
      progress: (text) => told.push(text),
    });
    expect(error).toBeUndefined();
    expect(result.tables.find(({ name }) => name === "x'; DROP TABLE y; --")?.rows_compared).toBe(5000);
    expect(told[0]).toMatch(/^".*" (\d+ %|done); \S+ \w+ of \S+ \w+, \d+ of \d+ tables, \d+ rows$/);
  });

  it('takes columns in another order on the destination, and dropped ones, as they are', async () => {
    const { pair } = await start({
      srcSql: `CREATE TABLE t (id int PRIMARY KEY, gone int, a text, b text);
               INSERT INTO t VALUES (1, 5, 'x', NULL), (2, 6, NULL, 'x'); ALTER TABLE t DROP gone;`,
      dstSql: `CREATE TABLE t (b text, a text, id bigint PRIMARY KEY, own text DEFAULT 'dst');
               INSERT INTO t VALUES (NULL, 'x', 1), ('x', NULL, 2);`,
    });
    expect(details(await compareAll(pair))).toEqual([]);
  });

  it('reads each side once', async () => {
    const { test, pair } = await numbered();
    const scans = async (side: TestDatabase): Promise<number> => {
      const [row] = await side.sql<{ n: number }>(
        `SELECT seq_scan::int AS n FROM pg_stat_user_tables WHERE relname = 'numbered' AND schemaname = $1`,
        [test.schema],
      );
      return row?.n ?? 0;
    };
    const sides = [test.src, test.dst];
    // The servers count when sessions end. Making the key counts as one.
    await Promise.all(sides.map((side) => side.disconnect()));
    for (const side of sides) await until('the key is counted', async () => (await scans(side)) === 1);
    expect(details(await compareAll(pair))).toEqual([]);
    await pair.close();
    for (const side of sides) {
      await until('the scans are counted', async () => (await scans(side)) > 1);
      await pause(200);
      expect(await scans(side)).toBe(2);
    }
  });

  it('compares databases in different encodings', async () => {
    const { test } = await start({});
    const latin = `${test.names.database}_latin1`;
    await test.src.sql(
      `CREATE DATABASE ${ident(latin)} OWNER ${ident(test.names.owner.name)} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`,
    );
    if (test.config.src !== null) test.config.src.db = latin;
    test.config.schema_name = 'public';
    const client = await test.src.server.connect(latin);
    const sql = `CREATE TABLE public.t (k text, n int, v text, PRIMARY KEY (k, n)); CREATE TABLE public.u (v text);
      INSERT INTO public.t SELECT 'ü' || g, g, 'naïve' FROM generate_series(1, 3000) g; INSERT INTO public.u VALUES ('é'), ('é')`;
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
    await test.dst.sql(sql);
    expect(details(await compareAll(openPair(test)))).toEqual([]);
    await test.dst.sql(`UPDATE public.t SET v = 'naive' WHERE n = 1234; UPDATE public.u SET v = 'e'`);
    expect(details(await compareAll(openPair(test)))).toEqual([
      't: 1 of 3000 rows differs; key (k, n)=(ü1234, 1234): column "v": naïve on the source, naive on the destination',
      'u: 2 of 2 rows differ; key (v)=(é): not on the destination; the row is 2 times on the source, 0 times on the destination',
    ]);
  });
});

describe('compareAll on tables that differ', () => {
  it('finds the one value that differs in 20,000 rows, by key and column', async () => {
    const { pair } = await numbered(`UPDATE numbered SET "va lue" = 'V4711' WHERE id = 4711;`);
    const { result, differences, error } = await compareAll(pair);
    expect(error).toBeInstanceOf(CheckFailedError);
    expect(result.tables).toEqual([
      {
        name: 'numbered',
        strategy: 'full',
        rows_compared: 20_000,
        passed: false,
        mismatch_detail:
          '1 of 20000 rows differs; key (id)=(4711): column "va lue": v4711 on the source, V4711 on the destination',
      },
    ]);
    expect(differences).toEqual([
      {
        table: 'numbered',
        key: { id: '4711' },
        missingOn: null,
        columns: [{ name: 'va lue', src: 'v4711', dst: 'V4711' }],
        note: null,
      },
    ]);
  });

  it('finds rows that are missing, too many, or have their values swapped', async () => {
    const { pair } = await numbered(`
      DELETE FROM numbered WHERE id IN (17, 18); INSERT INTO numbered VALUES (-5, 'extra', 0);
      UPDATE numbered SET other = CASE id WHEN 100 THEN 200 ELSE 100 END / 4.0 WHERE id IN (100, 200);`);
    const validation = await compareAll(pair, { jobs: 2, rangeBytes: 8192 * 20 });
    expect(details(validation)).toEqual([
      expect.stringMatching(
        /^numbered: 5 of 20000 rows differ; the source has 20000 rows, the destination 19999; key /,
      ),
    ]);
    const found = validation.differences.map(({ key, missingOn, columns }) => [
      Number(key['id']),
      missingOn ?? columns.map(({ src, dst }) => `${String(src)} ${String(dst)}`).join(),
    ]);
    expect(found.sort(([a], [b]) => Number(a) - Number(b))).toEqual([
      [-5, 'src'],
      [17, 'dst'],
      [18, 'dst'],
      [100, '25.0000000000000000 50.0000000000000000'],
      [200, '50.0000000000000000 25.0000000000000000'],
    ]);
  });

  it('finds values of all types that changed ever so little', async () => {
    const { test, pair } = await awkward();
    await test.dst.sql('SET session_replication_role = replica');
    await test.dst.ownerSql(`
      UPDATE "select" SET n = 1.00 WHERE id = 6;
      UPDATE "select" SET f = 0 WHERE id = 8;
      UPDATE "select" SET "Ord er" = NULL WHERE id = 9;
      UPDATE "select" SET c = NULL WHERE id = 10;
      UPDATE "select" SET j = ' {"b" : 11, "a":1,"a":2}' WHERE id = 11;
      UPDATE "select" SET ts = '0044-03-15 12:00:00+00' WHERE id = 14;
      UPDATE "select" SET b = b || '\\x00' WHERE id = 15;
      UPDATE "a""b" SET v = -1 WHERE v = 5;
      UPDATE by_citext SET k = upper(k::text)::citext WHERE v = '99';
      UPDATE by_ts SET v = 'other' WHERE k = 'infinity';
      UPDATE "Order Details" SET ch = 'y' WHERE ctid = (SELECT ctid FROM "Order Details" WHERE id = 600);
      UPDATE generated SET v = 'changed' WHERE id = 7;
      DELETE FROM only_json WHERE ctid = (SELECT min(ctid) FROM only_json);
      INSERT INTO empty_keyless VALUES (NULL);
      INSERT INTO no_columns DEFAULT VALUES;`);
    await test.dst.ownerSql('DROP TABLE parts_2; ALTER TABLE unlogged DROP v');
    const validation = await compareAll(pair, { maxDifferences: 100 });
    const all = details(validation).join('\n');
    expect(all).toMatch(/^select: 7 of 700 rows differ; key /m);
    const changed = validation.differences
      .filter(({ table }) => table === 'select')
      .flatMap(({ key, columns }) =>
        columns.map(({ name, src, dst }) => `${String(key['id'])} ${name} ${String(src)} ${String(dst)}`),
      );
    expect(changed.sort()).toEqual([
      '10 c (,) null',
      '11 j {"b" : 11, "a":1,"a":2}  {"b" : 11, "a":1,"a":2}',
      '14 ts 0044-03-15 12:00:00+00 BC 0044-03-15 12:00:00+00',
      '15 b \\x0000000f \\x0000000f00',
      '6 n 1.0 1.00',
      '8 f -0 0',
      '9 Ord er  null',
    ]);
    expect(all).toMatch(
      /^a"b: 1 of 300 rows differs; key \(m, t\)=\(.*\): column "v": 5 on the source, -1 on the destination$/m,
    );
    expect(all).toMatch(
      /^by_citext: 1 of 300 rows differs; .*column "k": Key99 on the source, KEY99 on the destination$/m,
    );
    expect(all).toMatch(
      /^by_ts: 1 of 302 rows differs; key \(k\)=\(infinity\): column "v": inf on the source, other on/m,
    );
    expect(all).toMatch(
      /^Order Details: 1 of 749 rows differs; .*: column "ch": x {6} on the source, y {6} on the destination; compared with the row most like it$/m,
    );
    expect(all).toMatch(
      /^generated: 1 of 300 rows differs; key \(id\)=\(7\): column "v": 7 on the source, changed on/m,
    );
    expect(all).toMatch(
      /^only_json: 1 of 300 rows differs; .*: the row is 30 times on the source, 29 times on the destination$/m,
    );
    expect(all).toMatch(
      /^empty_keyless: 1 of 1 rows differs; .*\(a\)=\(NULL\): not on the source; the row is 0 times on the source, once on/m,
    );
    expect(all).toMatch(
      /^no_columns: 1 of 2 rows differs; the source has 1 rows, the destination 2; the row is once on the source, 2 times/m,
    );
    expect(all).toMatch(/^parts_2: the table is not on the destination$/m);
    expect(all).toMatch(/^unlogged: the destination's table lacks columns: "v"$/m);
    expect(validation.result.tables.filter(({ passed }) => !passed)).toHaveLength(11);
  });

  it('names no more rows than asked for, and counts honestly', async () => {
    const { test, pair } = await numbered(`
      UPDATE numbered SET other = other + 1;
      CREATE TABLE few (id int PRIMARY KEY); INSERT INTO few VALUES (1), (2);`);
    await test.src.ownerSql('CREATE TABLE few (id int PRIMARY KEY)');
    const { differences, result } = await compareAll(pair, { maxDifferences: 7 });
    expect(differences.filter(({ table }) => table === 'few')).toHaveLength(2);
    expect(differences).toHaveLength(7);
    const [few, big] = result.tables.map(({ mismatch_detail }) => mismatch_detail);
    expect(few).toMatch(/^2 of 2 rows differ; the source has 0 rows, the destination 2; /);
    expect(big).toMatch(/^20000 of 20000 rows differ; key /);
    const none = await compareAll(pair, { maxDifferences: 0 });
    expect(none.differences).toEqual([]);
    expect(details(none)[1]).toMatch(/^numbered: at least \d+ of 20000 rows differ$/);
  });

  it('as a step keeps what it found, and fails', async () => {
    const { pair } = await numbered('DELETE FROM numbered WHERE id = 3;');
    let kept: Validation | undefined;
    const step = fullStep(pair, { jobs: 1 } satisfies CompareAllOptions, (validation) => (kept = validation));
    await expect(pair.run([step])).rejects.toThrow(
      /1 table of schema .* differs .*"numbered": 1 of 20000 rows differs; .*key \(id\)=\(3\): not on the destination/,
    );
    expect(kept?.result.tables).toHaveLength(1);
    expect(pair.steps).toMatchObject([{ name: 'compare-all', status: 'failed' }]);
  });

  it('ends at once when it is interrupted, on the servers too', async () => {
    const test = await testPair({
      hostile: true,
      srcSql: NUMBERED + NUMBERED_ROWS,
      dstSql: NUMBERED + NUMBERED_ROWS,
    });
    const interrupt = new AbortController();
    const pair = openPair(test, interrupt.signal);
    const blocker = await test.dst.connect();
    await blocker.query('BEGIN');
    await blocker.query(`LOCK TABLE ${ident(test.schema)}.numbered`);
    try {
      const running = compareAll(pair).catch((error: unknown) => error);
      await pause(700);
      interrupt.abort();
      const started = performance.now();
      expect(await running).toBeInstanceOf(InterruptedError);
      expect(performance.now() - started).toBeLessThan(2_000);
    } finally {
      await blocker.query('ROLLBACK');
      await blocker.end();
    }
    for (const side of [test.src, test.dst]) {
      await until('no session is left', async () => {
        const left = await side.sql(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belt test%'`,
        );
        return left.length === 0;
      });
    }
  });
});

describe('compareAll while changes arrive', () => {
  /** A replicated table, which an application changes all the time: rows all over it, and one row without a rest. */
  async function underWrite(work: (test: TestPair, pair: Pair) => Promise<void>): Promise<void> {
    const test = await testPair({
      hostile: true,
      srcSql: ({ app, schema }) =>
        `${NUMBERED}${NUMBERED_ROWS} GRANT USAGE ON SCHEMA ${ident(schema)} TO ${ident(app.name)};
         GRANT ALL ON numbered TO ${ident(app.name)};`,
    });
    await must(test, ['setup']);
    await untilReplicating(test.dst, 'pg1_pg2');
    const table = `${ident(test.schema)}.numbered`;
    const writers = await Promise.all([
      Writer.start(test.src, `UPDATE ${table} SET "va lue" = $1 WHERE id = 1 + floor(random() * 19000)::int`, {
        connections: 2,
        pauseMs: 4,
      }),
      Writer.start(test.src, `UPDATE ${table} SET "va lue" = $1 WHERE id = 1`),
    ]);
    try {
      await work(test, openPair(test));
    } finally {
      await Promise.all(writers.map((writer) => writer.stop()));
    }
    for (const writer of writers) {
      expect(writer.cut).toEqual([]);
      expect(writer.acknowledged.length).toBeGreaterThan(50);
    }
  }

  it('takes rows in flight for no difference, and finds a row that does differ', async () => {
    await underWrite(async (test, pair) => {
      let suspicious = 0;
      const options = {
        replicating: true,
        progress: (text: string) => {
          suspicious += text.includes('differs: looking') ? 1 : 0;
        },
      };
      for (let round = 0; round < 10; round += 1) {
        expect(details(await compareAll(pair, options))).toEqual([]);
      }
      // Otherwise it would have proved nothing.
      expect(suspicious).toBeGreaterThan(0);
      await test.dst.ownerSql(
        'UPDATE numbered SET other = other + 0.0001 WHERE id = 19500; DELETE FROM numbered WHERE id = 19600',
      );
      const { differences, result } = await compareAll(pair, { ...options, deadlineMs: 6_000 });
      expect(result.tables[0]?.mismatch_detail).toMatch(/^2 of \d+ rows differ; /);
      expect(differences.map(({ key, missingOn }) => [key['id'], missingOn]).sort()).toEqual([
        ['19500', null],
        ['19600', 'dst'],
      ]);
    });
  }, 180_000);

  it('sees that a row comes over although both sides are never equal at the same time', async () => {
    const { test, pair } = await numbered();
    const clients = await Promise.all([test.src.connect(), test.dst.connect()]);
    const table = `${ident(test.schema)}.numbered`;
    const change = `UPDATE ${table} SET "va lue" = $1 WHERE id = 5`;
    const stop = new AbortController();
    const late = (async () => {
      // A replication that is always a few versions behind.
      for (let n = 0; !stop.signal.aborted; n += 1) {
        await clients[0].query(change, [`version ${String(n)}`]);
        await clients[1].query(change, [`version ${String(n - 5)}`]);
        await pause(20);
      }
    })();
    try {
      expect(details(await compareAll(pair, { replicating: true, deadlineMs: 20_000 }))).toEqual([]);
      // What has no such row on the source at any time differs.
      await test.dst.ownerSql('DELETE FROM numbered WHERE id = 6');
      expect(details(await compareAll(pair, { replicating: true, deadlineMs: 1_000 }))).toEqual([
        expect.stringMatching(/^numbered: 1 of 20000 rows differs; .*key \(id\)=\(6\): not on the destination$/),
      ]);
    } finally {
      stop.abort();
      await late;
      await Promise.all(clients.map((client) => client.end()));
    }
  });

  it('says of more rows than it can look at how many differ at least', async () => {
    const { pair } = await numbered('UPDATE numbered SET other = other + 1;');
    const { differences, result } = await compareAll(pair, { replicating: true, deadlineMs: 300, maxDifferences: 3 });
    expect(differences).toHaveLength(3);
    expect(result.tables[0]?.mismatch_detail).toMatch(/^at least 2000 of 20000 rows differ; key /);
  });
});
