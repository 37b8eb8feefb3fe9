import { execFile } from 'node:child_process';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readDocuments, runnableSeries } from '../docs/blocks.js';
import { registry } from '../../src/registry.js';
import { ORDERS, replicate } from '../harness/commands.js';
import { runBelt } from '../harness/belt.js';
import { must } from '../harness/migration.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Everything that the documents tell to type is typed, word for word, in the state that they are about. */

const PROGRAM = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));
const NAMES = { dc: 'testdatacenter1', db: 'database1' };

/** How to come to the states that the documents name. */
const STATES: Readonly<Record<string, (pair: TestPair) => Promise<void>>> = {
  fresh: () => Promise.resolve(),
  replicating: (pair) => replicate(pair),
  'both-replicating': (pair) => replicate(pair, 'both'),
  'logins-revoked': async (pair) => {
    await replicate(pair, 'both');
    await must(pair, ['revoke-logins', '--disconnect']);
  },
  'cut-over': async (pair) => {
    await replicate(pair, 'both');
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
  },
};

const documents = await readDocuments();
const series = [...documents].flatMap(([name, text]) =>
  runnableSeries(text).map(({ state, blocks }) => ({ name, state, blocks })),
);

describe('the documents', () => {
  it.each(series)('$name, from state $state', async ({ state, blocks }) => {
    const reach = STATES[state];
    if (reach === undefined) throw new Error(`no one knows how to come to state "${state}"`);
    expect(blocks.length).toBeGreaterThan(0);
    const pair = await testPair({ ...NAMES, srcSql: ORDERS });
    await reach(pair);
    for (const block of blocks) await type(pair, block);
  });

  it('there is a series for each document that tells what to do', () => {
    const names = new Set(series.map(({ name }) => name));
    expect([...names]).toEqual(expect.arrayContaining(['docs/runbook.md', 'docs/troubleshooting.md']));
  });
});

describe('the examples of the commands', () => {
  it.todo(`${String(registry.length)} commands`);
});

/** Runs a block as a shell would, with `belt` on the PATH. @throws when a command of it fails */
async function type(pair: TestPair, block: string): Promise<void> {
  const bin = await beltOnPath();
  await new Promise<void>((resolve, reject) => {
    execFile(
      'bash',
      ['-euo', 'pipefail', '-c', block],
      {
        cwd: pair.dir,
        env: { ...process.env, ...pair.environment, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve();
        else reject(new Error(`${block}\n${stdout}\n${stderr}`));
      },
    );
  });
}

let bin: Promise<string> | undefined;

function beltOnPath(): Promise<string> {
  bin ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'belt-bin-'));
    await writeFile(join(folder, 'belt'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
    await chmod(join(folder, 'belt'), 0o755);
    // Builds belt.
    await runBelt(folder, ['--version']);
    return folder;
  })();
  return bin;
}
