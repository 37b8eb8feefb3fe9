import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { detailFields } from '../../src/results/detail.js';
import { checkedJson, expectSuccess } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { beltCommand, onTerminal } from '../harness/terminal.js';
import { testPair } from '../harness/pair.js';

const TABLE = `
  CREATE TABLE "The Big" (id serial PRIMARY KEY, v text);
  INSERT INTO "The Big" (v) SELECT md5(i::text) || repeat('x', 150) FROM generate_series(1, 30000) i`;

it(
  '--detach leaves the copy running when its checks are passed, and shows a refusal',
  { timeout: 120_000 },
  async () => {
    const pair = await testPair({ srcSql: `${TABLE}; CREATE TABLE other (id int PRIMARY KEY)` });
    await pair.dst.ownerSql(
      'CREATE TABLE "The Big" (id serial PRIMARY KEY, v text); INSERT INTO "The Big" VALUES (1); CREATE TABLE other (id int PRIMARY KEY)',
    );
    const refused = await pair.belt(['setup', '--no-schema', '--detach']);
    expectFailure(refused, {
      config: pair.config,
      says: [/has rows already .*"The Big"/, /\[step check-destination\]/],
    });
    await pair.dst.ownerSql('TRUNCATE "The Big"');

    // The terminal goes, and what it started stays.
    const words = [
      'setup',
      pair.dc,
      pair.db,
      '--no-schema',
      '--max-rate',
      '500kB/s',
      '--chunk-size',
      '256kB',
      '--detach',
      '--json',
    ];
    const { exitCode, screen } = await onTerminal(pair.dir, `${beltCommand(words)} > result.json`, pair.environment);
    expect(exitCode, screen).toBe(0);
    const json = JSON.parse(await readFile(join(pair.dir, 'result.json'), 'utf8')) as {
      results: { detail: { in_background: { pid: number; log: string } } }[];
    };
    const { pid, log } = json.results[0]?.detail.in_background ?? { pid: 0, log: '' };
    expect(() => process.kill(pid, 'SIGHUP')).not.toThrow();
    // Ctrl-C leaves the copy alone.
    const look = beltCommand(['setup', pair.dc, pair.db, '--attach']);
    const left = await onTerminal(pair.dir, look, pair.environment, [[/ left\r\n.* of 2 tables done/, '\u0003']]);
    expect(left.exitCode, left.screen).toBe(0);
    const seen = stripVTControlCharacters(left.screen);
    expect(seen).toMatch(
      /follow the copy {2}\d+ s\r\n {2}#*-+ {2}\d+\.\d %\r\n {2}.* of about [\d.]+ kB, .*\/s, \d+ s left\r\n/,
    );
    expect(seen).toMatch(/\/s of 500 kB\/s on the wire, WAL kept .*, snapshot open for \d+ s\r\n/);
    expect(seen).toMatch(/\r\n {2}The Big {2}#*-+ /);
    expect(seen).toMatch(/✔ follow the copy \(left; the copy goes on: "belt setup dc1 shop --attach" looks on again/);
    expect(() => process.kill(pid, 0)).not.toThrow();

    const attached = await pair.belt(['setup', '--attach', '--json']);
    expect(attached.stderr).toMatch(
      /^shop: \.{3} +follow the copy: \d+\.\d %, .* of about .*, [01] of 2 tables done, .*now "The Big" \d/m,
    );
    checkedJson(attached, detailFields, [pair]);
    expectSuccess(attached);
    expect(await pair.dst.ownerSql('SELECT count(*)::int AS rows FROM "The Big"')).toEqual([{ rows: 30_000 }]);
    await expect
      .poll(() => readFile(join(pair.dir, log), 'utf8'), { timeout: 20_000 })
      .toMatch(/: ok .*\(replicating, /);
  },
);
