import { describe, expect, it } from 'vitest';
import { runBelt, type BeltRun } from '../../harness/belt.js';
import { callBelt } from '../../harness/call-belt.js';
import { ORDERS } from '../../harness/commands.js';
import { testPair } from '../../harness/pair.js';

/** What a run says, without its times and the process that it was. */
const said = ({ exitCode, signal, stdout, stderr }: BeltRun) => {
  const timeless = (text: string): string =>
    text.replaceAll(/\d+ ms|\d\.\d s|"timestamp": ".*"|"duration_ms": \d+/g, '');
  return { exitCode, signal, stdout: timeless(stdout), stderr: timeless(stderr) };
};

describe('belt in this process', () => {
  it('says and does what belt as a process of its own does, however many are at work', async () => {
    const pair = await testPair({ srcSql: ORDERS });
    const { dc, db, environment: env } = pair;
    const lines = [
      ['check-pkeys', dc, db],
      ['precheck', dc, '--json'],
      ['connections', dc],
      ['setup-back-replication', dc, db],
      ['status', dc, 'nobody', '--json'],
      ['status', dc, '--jsno'],
      ['help', 'status'],
    ];
    const calls = await Promise.all(lines.map((args) => callBelt(pair.dir, args, { env })));
    const runs = await Promise.all(lines.map((args) => runBelt(pair.dir, args, { env })));
    expect(calls.map(said)).toEqual(runs.map(said));
    expect(calls.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 1, 2, 2, 0]);
  });

  it('must end in time', async () => {
    const pair = await testPair();
    const endless = callBelt(pair.dir, ['status', pair.dc, '--watch'], { env: pair.environment, timeout: 500 });
    await expect(endless).rejects.toThrow(/^took too long\nbelt status/);
  });
});
