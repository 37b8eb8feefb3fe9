import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { SETUP_SESSIONS } from '../../src/pair/lock.js';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { until } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { beltCommand, onTerminal } from '../harness/terminal.js';

/** Some 5 MB: a quarter of a minute at the rate below. */
const TABLES = `
  CREATE TABLE "The Big" (id serial PRIMARY KEY, v text);
  INSERT INTO "The Big" (v) SELECT md5(i::text) || repeat('x', 150) FROM generate_series(1, 25000) i;
  CREATE TABLE small (id serial PRIMARY KEY, v text);
  INSERT INTO small (v) SELECT 'row ' || i FROM generate_series(1, 100) i`;

const SLOW = ['setup', '--max-rate', '300kB/s', '--chunk-size', '256kB'] as const;

/** How many pieces are being copied right now. */
async function workers(pair: TestPair): Promise<number> {
  const rows = await pair.dst.sql(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1 AND query LIKE 'COPY %'
        AND state = 'active'`,
    [`${SETUP_SESSIONS}%`],
  );
  return rows.length;
}

const copies = (pair: TestPair): Promise<void> => until('pieces are copied', async () => (await workers(pair)) > 0);

async function counts(pair: TestPair): Promise<unknown> {
  return pair.dst.ownerSql(
    'SELECT (SELECT count(*)::int FROM "The Big") AS big, (SELECT count(*)::int FROM small) AS small',
  );
}

let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ srcSql: TABLES, hostile: true });
});

it('does not wait without end for transactions that others have open', { timeout: 60_000 }, async () => {
  const writer = await pair.src.connect();
  await writer.query(`BEGIN; SELECT txid_current()`);
  const [{ pid } = { pid: 0 }] = (await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
  const blocked = await pair.belt(['setup', '--lock-wait', '3s']);
  expectFailure(blocked, {
    config: pair.config,
    says: [
      new RegExp(
        `could not be made on the source in 3.0 s \\(--lock-wait\\): .*pid ${String(pid)} \\(.*, for \\d+ s\\)`,
      ),
      /SELECT pg_terminate_backend\(pid\)/,
    ],
  });
  await writer.query('ROLLBACK');
  await writer.end();
});

it(
  'a copy at work takes orders from anywhere: other jobs, another rate, to end; and goes on later',
  { timeout: 120_000 },
  async () => {
    const running = pair.belt([...SLOW, '--jobs', '1']);
    await copies(pair);
    expect(await workers(pair)).toBe(1);

    // A second one is refused, and told what to do in its place.
    const second = await pair.belt(['setup']);
    expectFailure(second, {
      config: pair.config,
      says: [
        /another belt is at work on the source .*"belt setup \(pid \d+ on [\w.-]+\)" from .*, since \d{4}-/,
        /--attach/,
      ],
    });

    const attached = pair.belt(['setup', '--attach', '--jobs', '3', '--json']);
    await until('three workers', async () => (await workers(pair)) === 3);
    const fewer = beltCommand(['setup', pair.dc, pair.db, '--attach', '--jobs', '1', '--max-rate', '400kB/s']);
    // Leaving by Ctrl-C is no failure, and leaves the copy alone.
    const left = await onTerminal(pair.dir, fewer, pair.environment, [[/ 1 job, [\d.]+ kB\/s of 400 kB/, '\u0003']]);
    expect(left.exitCode, left.screen).toBe(0);
    const seen = stripVTControlCharacters(left.screen);
    expect(seen).toMatch(
      /follow the copy {2}\d+ s\r\n {2}#*-+ {2}\d+\.\d %\r\n {2}.* of about [\d.]+ kB, [\d.]+ kB\/s, .* left\r\n {2}[01] of 2 tables done, /,
    );
    expect(seen).toMatch(/ on the wire, WAL kept .*, snapshot open for \d+ s\r\n {2}The Big {2}#*-+ +\d+\.\d % {2}of /);
    expect(seen).toMatch(/✔ follow the copy \(left; the copy goes on: "belt setup dc1 shop --attach" looks on again/);
    await until('one worker', async () => (await workers(pair)) === 1);

    const cancelled = await pair.belt(['setup', '--cancel', '--json']);
    const { results } = checkedJson(cancelled, detailFields, [pair]);
    expect(results).toMatchObject([{ success: true, detail: { cancelled: true } }]);
    expect(cancelled.text).toMatch(/1 of 2 tables are whole|0 of 2 tables are whole/);
    const ended = await running;
    expect(ended.exitCode, ended.text).toBe(130);
    expect(ended.stderr).toMatch(
      /cancelled by .* on .* with "belt setup --cancel"; [01] of 2 tables are whole on the destination/,
    );
    expect(ended.stderr).toMatch(/Run "belt setup dc1 shop" again: it goes on/);
    const FIGURES = '\\d+\\.\\d %, .* of about .*, [01] of 2 tables done, .*';
    const NOW = ', now "The Big" \\d+\\.\\d %';
    expect(ended.stderr).toMatch(new RegExp(`^shop: \\.{3} +copy the rows: ${FIGURES}${NOW}$`, 'm'));
    const told = await attached;
    // It may have looked just between two pieces.
    expect(told.stderr).toMatch(new RegExp(`^shop: \\.{3} +follow the copy: ${FIGURES}(${NOW})?$`, 'm'));
    expect(told.exitCode, told.text).toBe(130);
    expect(told.json()).toMatchObject({ results: [{ error: { error_type: 'InterruptedError' } }] });

    // With nobody at work there is nothing to end.
    expectSuccess(await pair.belt(['setup', '--cancel']));
  },
);

it(
  'ends before its slot fills the source, having told who waits for it; then it goes to the end',
  { timeout: 120_000 },
  async () => {
    const slots = (): Promise<unknown[]> =>
      pair.src.sql('SELECT active FROM pg_replication_slots WHERE database = current_database()');
    const full = pair.belt(['setup', '--max-rate', '300kB/s', '--max-slot-wal', '20MB', '--json']);
    await copies(pair);
    const truncating = await pair.src.connect();
    await truncating.query("SET lock_timeout = '5s'");
    const truncated = truncating.query(`TRUNCATE ${ident(pair.schema)}."The Big"`).catch((error: unknown) => error);
    await truncated;
    await truncating.end();
    await pair.src.sql(
      "SELECT count(pg_logical_emit_message(false, 'x', repeat('y', 1000000))) FROM generate_series(1, 30)",
    );
    const ended = await full;
    const { results } = checkedJson(ended, detailFields, [pair]);
    expect(results).toMatchObject([
      { error: { error_type: 'RefusedError', detail: { side: 'src', step: 'copy-tables' } } },
    ]);
    expect(ended.text).toMatch(
      /the slot holds .* of WAL on the source, more than --max-slot-wal 20.0 MB; [01] of 2 tables are whole/,
    );
    expect(ended.text).toMatch(/The slot was dropped/);
    expect(ended.stderr).toMatch(/warning: pid \d+ on the source \(.*\) has waited for .* for the copy to end/);
    expect(await slots()).toEqual([]);
    expectSuccess(await pair.belt(['setup']));
    expect(await counts(pair)).toEqual([{ big: 25_000, small: 100 }]);
    expectSuccess(await pair.belt(['setup', '--attach']));
  },
);

/** Two seconds at the rate below. */
const DETACHED = `
  CREATE TABLE "The Big" (id serial PRIMARY KEY, v text);
  INSERT INTO "The Big" (v) SELECT md5(i::text) || repeat('x', 150) FROM generate_series(1, 10000) i`;

it(
  '--detach leaves the copy running when its checks are passed, and shows a refusal',
  { timeout: 120_000 },
  async () => {
    const detached = await testPair({ srcSql: `${DETACHED}; CREATE TABLE other (id int PRIMARY KEY)` });
    await detached.dst.ownerSql(
      'CREATE TABLE "The Big" (id serial PRIMARY KEY, v text); INSERT INTO "The Big" VALUES (1); CREATE TABLE other (id int PRIMARY KEY)',
    );
    const refused = await detached.belt(['setup', '--no-schema', '--detach']);
    expectFailure(refused, {
      config: detached.config,
      says: [/has rows already .*"The Big"/, /\[step check-destination\]/],
    });
    await detached.dst.ownerSql('TRUNCATE "The Big"');

    // The terminal goes, and what it started stays.
    const words = [
      'setup',
      detached.dc,
      detached.db,
      '--no-schema',
      '--max-rate',
      '500kB/s',
      '--chunk-size',
      '256kB',
      '--detach',
      '--json',
    ];
    const { exitCode, screen } = await onTerminal(
      detached.dir,
      `${beltCommand(words)} > result.json`,
      detached.environment,
    );
    expect(exitCode, screen).toBe(0);
    const json = JSON.parse(await readFile(join(detached.dir, 'result.json'), 'utf8')) as {
      results: { detail: { in_background: { pid: number; log: string } } }[];
    };
    const { pid, log } = json.results[0]?.detail.in_background ?? { pid: 0, log: '' };
    expect(() => process.kill(pid, 'SIGHUP')).not.toThrow();
    const attached = await detached.belt(['setup', '--attach', '--json']);
    checkedJson(attached, detailFields, [detached]);
    expectSuccess(attached);
    expect(await detached.dst.ownerSql('SELECT count(*)::int AS rows FROM "The Big"')).toEqual([{ rows: 10_000 }]);
    await expect
      .poll(() => readFile(join(detached.dir, log), 'utf8'), { timeout: 20_000 })
      .toMatch(/: ok .*\(replicating, /);
  },
);
