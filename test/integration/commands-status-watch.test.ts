/* eslint-disable no-control-regex -- escape sequences are what this is about */

import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { envelopeSchema } from '../../src/results/envelope.js';
import { statusFields } from '../../src/results/status.js';
import type { BeltRun } from '../harness/belt.js';
import { everything, ORDERS, replicate, waitForStatus } from '../harness/commands.js';
import { expectNoSecret, expectNoTrace } from '../harness/expect-failure.js';
import { holding, until, untilBlocked } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { beltCommand, onTerminal } from '../harness/terminal.js';

/** A watch that runs, until it is told to end. */
class Watch {
  readonly run: Promise<BeltRun>;
  #text = '';
  #end: () => void = () => undefined;

  constructor(
    private readonly pair: TestPair,
    args: readonly string[],
  ) {
    const when = new Promise<void>((resolve) => (this.#end = resolve));
    this.run = pair.beltRaw(['status', ...args], {
      signalOn: { signal: 'SIGINT', when },
      onStdout: (text) => (this.#text = text),
    });
  }

  /** Waits until it has said these words. */
  async says(words: RegExp): Promise<void> {
    const ended = this.run.then(({ text }) => {
      throw new Error(`ended before it said ${String(words)}\n${text}`);
    });
    ended.catch(() => undefined);
    await Promise.race([ended, until(String(words), () => Promise.resolve(words.test(this.#text)))]);
  }

  /** Ctrl-C. Being ended is no failure, and leaves no word of it. */
  async end(): Promise<string> {
    this.#end();
    const run = await this.run;
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stderr, run.text).toBe('');
    expectNoTrace(run);
    expectNoSecret(run.stdout, this.pair.config);
    return run.stdout;
  }
}

const TABLES = `
  CREATE TABLE "A first" (id int PRIMARY KEY, v text);
  CREATE TABLE "B second" (id int PRIMARY KEY, v text);
  CREATE TABLE "C third" (id int PRIMARY KEY);`;
const ROWS = `
  INSERT INTO "A first" SELECT i, repeat('x', 500) FROM generate_series(1, 2000) i;
  INSERT INTO "B second" SELECT i, repeat('x', 500) FROM generate_series(1, 1000) i;`;

/** The lines about a database, without the times. */
function linesOf(text: string, db: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /, ''))
    .filter((line) => line.startsWith(`${db}: `))
    .map((line) => line.slice(db.length + 2));
}

let pair: TestPair;
let second: TestPair;

beforeAll(async () => {
  pair = await testPair({ srcSql: ORDERS });
  second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: ORDERS });
  await Promise.all([replicate(pair), replicate(second)]);
  await Promise.all([waitForStatus(pair, 'replicating'), waitForStatus(second, 'replicating')]);
});

describe('belt status --watch', () => {
  it('through a pipe says what is new of every database, a line each, and changes nothing', async () => {
    const before = await everything(pair);
    const watch = new Watch(pair, [pair.dc, '--watch', '1']);
    await watch.says(/shop: back replication: unconfigured/);
    await watch.says(/users: back replication: unconfigured/);
    await second.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
    await watch.says(/forward replication: down/);
    await second.dst.sql("SELECT pglogical.alter_subscription_enable('pg1_pg2', true)");
    await watch.says(/forward replication: down[^]*forward replication: replicating/);
    const text = await watch.end();
    expect(linesOf(text, 'shop')).toEqual([
      expect.stringMatching(/^forward replication: replicating, .* behind$/),
      'back replication: unconfigured',
    ]);
    expect(linesOf(text, 'users')).toEqual([
      expect.stringMatching(/^forward replication: replicating/),
      'back replication: unconfigured',
      expect.stringMatching(/^forward replication: down$/),
      expect.stringMatching(/^down: forward: subscription pg1_pg2 is disabled; enable it on the destination database/),
      expect.stringMatching(/^forward replication: replicating/),
    ]);
    expect(await everything(pair)).toEqual(before);
  });

  it('with --json gives an envelope a line, and in time the figures of several looks', async () => {
    const watch = new Watch(pair, [pair.dc, pair.db, '--watch', '1', '--json']);
    await watch.says(/"forward_replication":"replicating"/);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
    await watch.says(/"forward_replication":"down"/);
    await pair.dst.sql("SELECT pglogical.alter_subscription_enable('pg1_pg2', true)");
    await watch.says(/"forward_replication":"down"[^]*"forward_replication":"replicating"/);
    const lines = (await watch.end()).trimEnd().split('\n');
    const looks = lines.map((line) => envelopeSchema(statusFields).strict().parse(JSON.parse(line)));
    const [first, ...rest] = looks;
    expect(first).toMatchObject({
      success: true,
      results: [{ db: 'shop', forward_replication: 'replicating', forward: { lag_trend: null } }],
    });
    const down = rest.find(({ success }) => !success);
    expect(down).toMatchObject({
      results: [{ forward_replication: 'down', error: { error_type: 'BeltError' }, forward: { lag_trend: 'steady' } }],
    });
    expect(looks.at(-1)).toMatchObject({ success: true, results: [{ forward_replication: 'replicating' }] });
  });

  it('tells of the initial copy as it goes: tables that are done, and a lock that it waits for', async () => {
    const fresh = await testPair({ srcSql: TABLES + ROWS, dstSql: TABLES });
    let watch: Watch | undefined;
    await holding(fresh.dst, `LOCK TABLE "${fresh.schema}"."B second" IN SHARE MODE`, async () => {
      const run = await fresh.belt(['setup', '--no-schema', '--copy', 'pglogical']);
      expect(run.exitCode, run.text).toBe(0);
      await untilBlocked(fresh.dst, 'pg1_pg2_copy');
      watch = new Watch(fresh, [fresh.dc, fresh.db, '--watch', '1']);
      await watch.says(/waits for a lock held by pid \d+ on the destination/);
    });
    await watch?.says(/forward replication: replicating/);
    const lines = linesOf((await watch?.end()) ?? '', 'shop');
    expect(lines.slice(0, 4)).toEqual([
      'forward replication: initializing',
      'back replication: unconfigured',
      expect.stringMatching(/^the initial copy waits for a lock held by pid \d+ on the destination$/),
      expect.stringMatching(/^initial copy: \d+\.\d %, [\d.]+ [kM]B of [\d.]+ [kM]B/),
    ]);
    expect(lines.at(-1)).toMatch(/^forward replication: replicating/);
  });

  it('shows the error of a server that goes away, and goes on when it is back', async () => {
    const watch = new Watch(pair, [pair.dc, pair.db, '--watch', '1']);
    await watch.says(/back replication: unconfigured/);
    for (const one of [pair, second]) await one.src.disconnect();
    await pair.src.server.stop();
    await watch.says(/failed: cannot connect to the source database/);
    await pair.src.server.start();
    await watch.says(/answers again/);
    const lines = linesOf(await watch.end(), 'shop');
    expect(lines.find((line) => line.startsWith('failed:'))).toMatch(/source database/);
    expect(lines.slice(lines.indexOf('answers again') + 1)).toEqual(
      expect.arrayContaining(['back replication: unconfigured']),
    );
  });

  it('ends at once where nothing can be watched', async () => {
    const unknown = await pair.beltRaw(['status', pair.dc, 'nobody', '--watch']);
    expect(unknown.exitCode, unknown.text).toBe(2);
    const json = await pair.beltRaw(['status', pair.dc, 'nobody', '--watch', '--json']);
    expect(json.exitCode, json.text).toBe(2);
    expect(json.json()).toMatchObject({ success: false, results: [], error: { error_type: 'ConfigError' } });
    const broken = await testPair({ db: 'broken' });
    await writeFile(broken.configPath, '{');
    const run = await broken.belt(['status', '--watch']);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stdout).toMatch(/broken: failed: .*config\.json/);
  });

  it('wants whole seconds', async () => {
    const run = await pair.belt(['status', '--watch', '0.5']);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr).toContain('It wants a whole number from 1 to 3600.');
  });

  it('on a terminal draws one picture in place, and leaves the last at Ctrl-C', async () => {
    const belt = beltCommand(['status', pair.dc, '--watch', '1']);
    // Only a child in the foreground may write to a terminal that is watched by `script`.
    const command = `timeout --foreground --preserve-status -s INT 5 ${belt}`;
    const { exitCode, screen } = await onTerminal(pair.dir, command);
    expect(exitCode, screen).toBe(0);
    const pictures = screen.split('dc1\u001b[22m').length - 1;
    expect(pictures, screen).toBeGreaterThan(2);
    // Up over the title, an empty line, the table's head and two rows.
    expect(screen).toContain('\r\u001b[5A');
    expect(screen.replaceAll(/\u001b\[\d+m/g, '')).toMatch(/shop +(replicating|down)/);
    expect(screen).not.toContain('\u001b[2J');
    expect(screen).not.toMatch(/interrupted|error:/);
  });
});
