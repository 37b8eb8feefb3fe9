/* eslint-disable no-control-regex -- escape sequences are what a part of this is about */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { detailFields } from '../../src/results/detail.js';
import { statusFields } from '../../src/results/status.js';
import { checkedJson, ORDERS } from '../harness/commands.js';
import { expectNoTrace } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';
import { beltCommand, onTerminal } from '../harness/terminal.js';

/** A datacenter of seven databases: five that are well, one that cannot be reached, one whose config is wrong. */
const WELL = ['db1', 'db2', 'db9', 'db10', 'db11'];

let first: TestPair;
let pairs: TestPair[];

beforeAll(async () => {
  first = await testPair({ db: 'db1', srcSql: ORDERS });
  const others = await Promise.all(WELL.slice(1).map((db) => testPair({ db, project: first.dir, srcSql: ORDERS })));
  const closed = await testPair({
    db: 'db3',
    project: first.dir,
    config: ({ dst }) => {
      if (dst !== null) dst.port = 1;
    },
  });
  const bad = first.configPath.replace('/db1/', '/db4/');
  await mkdir(dirname(bad), { recursive: true });
  await writeFile(bad, '{ "db": "db4", "dc": "dc1", "src": 15, "dst": null }', { mode: 0o600 });
  pairs = [first, ...others, closed];
});

describe('a command for every database of a datacenter', () => {
  it('does what it can: failures are told last, with their reasons, and stop no other', async () => {
    const run = await first.beltRaw(['setup', 'dc1', '--concurrency', '3']);
    expect(run.exitCode, run.text).toBe(1);
    expectNoTrace(run);
    const names = [...run.stdout.matchAll(/^(db\d+) +(done|failed)/gm)].map(([, name, word]) => `${name} ${word}`);
    expect(names).toEqual([...WELL.map((name) => `${name} done`), 'db3 failed', 'db4 failed']);
    expect(run.stderr).toMatch(
      /^error: db3: cannot connect to the destination database .*:1 as user .*connection refused/m,
    );
    expect(run.stderr).toMatch(/^error: db4: configs\/dc1\/db4\/config\.json/m);
    expect(run.stderr).toMatch(/\n2 of 7 databases failed\n$/);
  });

  it('has a line for each database in a log, when it ends, and none for its steps', async () => {
    const run = await first.beltRaw(['setup', 'dc1']);
    const lines = run.stderr.slice(0, run.stderr.indexOf('\nerror: ')).split('\n');
    expect(lines, run.text).toHaveLength(7);
    for (const name of WELL) {
      expect(lines, run.text).toContainEqual(expect.stringMatching(new RegExp(`^${name}: ok \\(\\d of 7, .*s\\)$`)));
    }
    expect(lines).toContainEqual(expect.stringMatching(/^db3: FAILED \(\d of 7, .*\): cannot connect to/));
  });

  it('has one JSON with a row for each, and exit code 1 when any failed', async () => {
    const run = await first.beltRaw(['status', 'dc1', '--json']);
    expect(run.exitCode, run.text).toBe(1);
    const { db, results } = checkedJson(run, statusFields, pairs);
    expect(db).toBeNull();
    expect(results.map((row) => [row.db, row.success, row.error?.error_type])).toEqual([
      ...WELL.map((name) => [name, true, undefined]),
      ['db3', false, 'ConnectionError'],
      ['db4', false, 'ConfigError'],
    ]);
  });

  it('shows on a terminal what is at work and how many are done, and keeps a line for each that did something', async () => {
    const { exitCode, screen } = await onTerminal(first.dir, `stty rows 8; ${beltCommand(['setup', 'dc1'])}`);
    expect(exitCode, screen).toBe(1);
    expect(screen).toMatch(/\d of 7 databases done/);
    for (const name of WELL) expect(screen).toMatch(new RegExp(`✔\\u001b\\[39m ${name}\\b`));
    expect(screen).toMatch(/✖\u001b\[39m db3: cannot connect to/);
    // The last that is seen is the table and the errors, not the list that was redrawn.
    expect(screen.slice(screen.lastIndexOf('databases done'))).toMatch(/db11 .*done[^]*2 of 7 databases failed/);
  });

  it('one of them alone succeeds beside the others', async () => {
    const { success } = checkedJson(await first.belt(['setup', '--json']), detailFields, pairs);
    expect(success).toBe(true);
  });
});
