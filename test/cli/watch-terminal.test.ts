import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { main } from '../../src/main.js';

it('a watch draws on the terminal, and lets go of it in the end', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'belt-watch-'));
  try {
    // No database has a config that can be used: the watch ends by itself.
    const folder = join(cwd, 'configs', 'dc1', 'shop');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'config.json'), '{}');
    const stream = new PassThrough();
    const terminal = Object.assign(stream, { columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream;
    const listened: string[] = [];
    stream.on('newListener', (event: string) => listened.push(event));
    const exitCode = await main(['status', 'dc1', '--watch', '1'], {
      environment: { cwd, variables: {}, pid: process.pid, signal: new AbortController().signal },
      stdin: null,
      node: process.execPath,
      tellStarter: null,
      stdout: { write: (text) => stream.write(text), terminal },
      stderr: { write: () => true, terminal: null },
    });
    expect(exitCode).toBe(2);
    expect(String(stream.read())).toContain('shop');
    expect(listened).toContain('resize');
    expect(stream.listenerCount('resize')).toBe(0);
  } finally {
    await rm(cwd, { recursive: true });
  }
});
