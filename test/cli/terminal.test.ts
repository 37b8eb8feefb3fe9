/* eslint-disable no-control-regex -- escape sequences are what this is about */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildBelt } from '../harness/belt.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { beltCommand, onTerminal } from '../harness/terminal.js';

/** Any escape sequence; CURSOR: one that moves the cursor or clears a line, as a list redrawn in place needs. */
const ESCAPE = /\u001b/;
const CURSOR = /\u001b\[\d*[A-HJK]/;
const GREEN = '\u001b[32m';
const RED = '\u001b[31m';
const HOSTILE = 'x\u001b[2J\u001b]0;owned\u0007\ny';

let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({
    ownProcess: true,
    srcSql: `CREATE TABLE "${HOSTILE}" (id int PRIMARY KEY, v text);
             INSERT INTO "${HOSTILE}" SELECT i, repeat('x', 200) FROM generate_series(1, 30000) i`,
  });
  // The tests of terminals do not do it by themselves.
  await buildBelt();
});

const plan = (): string => beltCommand(['setup', pair.dc, pair.db, '--dry-run']);

describe('through a pipe', () => {
  it('stdout has the result alone, stderr the progress, and neither an escape sequence', async () => {
    const run = await pair.belt(['setup', '--dry-run']);
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stdout).toMatch(/^database +step +plan\n/);
    expect(run.stdout).not.toContain('shop: ');
    expect(run.stderr).toMatch(/^shop: would do create node pg1 on the source/m);
    expect(run.stderr).not.toMatch(/^database +setup/m);
    expect(run.stdout + run.stderr).not.toMatch(ESCAPE);
  });

  it('with --json stdout is JSON alone', async () => {
    const run = await pair.belt(['precheck', '--json']);
    expect(run.exitCode, run.text).toBe(0);
    expect(run.json()).toMatchObject({ command: 'precheck', success: true });
    expect(run.stdout + run.stderr).not.toMatch(ESCAPE);
  });

  it('a reader that leaves early is no error', async () => {
    const command = `${beltCommand(['precheck', pair.dc, pair.db])} | head -1; echo "belt: \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', command], { cwd: pair.dir });
    expect(stdout).toMatch(/^database .*\nbelt: 0\n$/);
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
  });

  it('a reader that is gone before the first word is no error', async () => {
    const command = `${beltCommand(['help'])} | true; echo "belt: \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', command], { cwd: pair.dir });
    expect(stdout).toBe('belt: 0\n');
    expect(stderr).toBe('');
  });

  it('no name takes over the terminal', async () => {
    const run = await pair.belt(['precheck']);
    expect(run.stdout).toContain(String.raw`x\x1b[2J\x1b]0;owned\x07\ny`);
    expect(run.stdout + run.stderr).not.toMatch(ESCAPE);
  });
});

describe('on a terminal', () => {
  it('ends even when it fails before the list is there to be drawn', async () => {
    const closed = await testPair({
      config: ({ src, dst }) => {
        for (const side of [src, dst]) if (side !== null) side.port = 1;
      },
    });
    const { exitCode, screen } = await onTerminal(closed.dir, beltCommand(['status', closed.dc, closed.db]));
    expect(exitCode, screen).toBe(1);
    expect(screen).toContain('connection refused');
  });

  it('has colours and a list that is redrawn, then the result, then what comes next', async () => {
    const { exitCode, screen } = await onTerminal(pair.dir, beltCommand(['precheck', pair.dc, pair.db]));
    expect(exitCode, screen).toBe(0);
    expect(screen).toMatch(CURSOR);
    expect(screen).toContain(`${GREEN}pglogical`);
    expect(screen).toContain(`${GREEN}All requirements are met.`);
    expect(screen).toMatch(/\r\n\r\nNext: belt setup dc1 shop\r\n/);
    expect(screen).not.toContain('\u001b[2J');
    expect(screen).not.toContain('owned\u0007');
  });

  it('shows every step of a single database', async () => {
    const { screen } = await onTerminal(pair.dir, plan());
    expect(screen).toMatch(/make subscription pg1_pg2/);
    expect(screen).not.toMatch(/^shop: would do/m);
    expect(screen).not.toContain('Next:');
  });

  it('a failure is red, with what to do', async () => {
    const { exitCode, screen } = await onTerminal(pair.dir, beltCommand(['setup-back-replication', pair.dc, pair.db]));
    expect(exitCode, screen).toBe(1);
    expect(screen).toMatch(/\u001b\[31m.*error:.*forward replication of "shop" is not set up/);
    expect(screen).toContain(`${RED}failed`);
    expect(screen).toMatch(/what to do:.*Run belt setup first\./);
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colours with %j', async (env) => {
    const { exitCode, screen } = await onTerminal(pair.dir, beltCommand(['status', pair.dc, pair.db]), env);
    expect(exitCode, screen).toBe(0);
    expect(screen).toContain('unconfigured');
    expect(screen).not.toMatch(/\u001b\[[\d;]+m/);
  });

  it('TERM=dumb has no list that is redrawn', async () => {
    const { screen } = await onTerminal(pair.dir, plan(), { TERM: 'dumb' });
    expect(screen).not.toMatch(ESCAPE);
    expect(screen).toMatch(/^shop: would do create node pg1/m);
  });

  it('a result that goes to a file is plain and alone, with the list still on the terminal', async () => {
    const file = join(pair.dir, 'result.txt');
    const { screen } = await onTerminal(pair.dir, `${plan()} > result.txt`);
    expect(await readFile(file, 'utf8')).toMatch(/^database +step +plan\n/);
    expect(await readFile(file, 'utf8')).not.toMatch(ESCAPE);
    expect(screen).toMatch(CURSOR);
    expect(screen).not.toMatch(/^database +setup/m);
  });

  it('progress that goes to a file is plain lines, with the result still coloured', async () => {
    const { screen } = await onTerminal(pair.dir, `${plan()} 2> progress.txt`);
    const progress = await readFile(join(pair.dir, 'progress.txt'), 'utf8');
    expect(progress).toMatch(/^shop: would do create node pg1/m);
    expect(progress).not.toMatch(ESCAPE);
    expect(screen).toMatch(/database/);
    expect(screen).toContain('\u001b[36mwould do');
  });

  it('shows how far the copy is, as long as it runs, and leaves a line of it', { timeout: 60_000 }, async () => {
    const copy = beltCommand(['setup', pair.dc, pair.db, '--chunk-size', '512kB', '--max-rate', '1500kB/s']);
    const { exitCode, screen } = await onTerminal(pair.dir, copy);
    expect(exitCode, screen).toBe(0);
    const shown = stripVTControlCharacters(screen);
    expect(shown).toMatch(
      /copy the rows {2}\d+ s\r\n {2}#+-+ {2}\d+\.\d %\r\n {2}[\d.]+ kB of about [\d.]+ kB, [\d.]+ kB\/s, \d+ s left\r\n {2}0 of 1 tables done, \d+ jobs?, /,
    );
    expect(shown).toMatch(
      /snapshot open for \d+ s\r\n {2}x\\x1b\[2J\\x1b\]0;owned\\x07\\ny {2}#*-+ +\d+\.\d % {2}of [\d.]+ kB/,
    );
    // Pieces that are there go on counting.
    expect(shown).toMatch(/ [6-9]\d\.\d %\r\n/);
    expect(shown).toMatch(/✔ copy the rows \(30000 rows of 1 tables, [\d.]+ s\)\r\n/);
    expect(screen).not.toContain('\u001b[2J');
    // What is left when all is over has no part of the view.
    expect(shown.slice(shown.lastIndexOf('✔ copy the rows'))).not.toContain('of about');
  });
});
