import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findServers } from '../../src/sandbox/installations.js';
import { runBelt } from '../harness/belt.js';

/** The sandbox needs PostgreSQL with pglogical on this machine, whatever the other tests run on. */
const installed = (await findServers(process.env['PATH'])).some(({ hasPglogical }) => hasPglogical);

interface State {
  home: string;
  servers: { port: number; password: string; dataDir: string }[];
  passwords: { application: string };
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belt-sandbox-test-'));
});

afterEach(async () => {
  if (existsSync(join(folder, 'belt-sandbox', '.sandbox.json'))) await runBelt(folder, ['sandbox', 'down']);
  await rm(folder, { recursive: true, force: true });
});

async function readState(): Promise<State> {
  return JSON.parse(await readFile(join(folder, 'belt-sandbox', '.sandbox.json'), 'utf8')) as State;
}

async function mainProcesses(state: State): Promise<number[]> {
  const files = state.servers.map(({ dataDir }) => readFile(join(dataDir, 'postmaster.pid'), 'utf8'));
  return (await Promise.all(files)).map((text) => Number.parseInt(text, 10));
}

/** A process that has ended, and that its parent has not asked about yet, has no command line any more. */
function isAlive(pid: number): boolean {
  const path = `/proc/${String(pid)}/cmdline`;
  return existsSync(path) && readFileSync(path, 'utf8').includes('postgres');
}

/** The main process takes its note away a moment before it ends. */
async function expectEnded(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.some(isAlive), { timeout: 10_000 }).toBe(false);
}

const EVERY_FILE = 0o777;

describe.runIf(installed)('belt sandbox', () => {
  it('makes a project that works, and leaves nothing behind', { timeout: 120_000 }, async () => {
    const up = await runBelt(folder, ['sandbox', 'up']);
    expect(up.exitCode, up.text).toBe(0);
    expect(up.stdout).toContain('belt precheck sandbox');

    const state = await readState();
    const [source] = state.servers;
    const project = join(folder, 'belt-sandbox');
    const path = join(project, 'configs', 'sandbox', 'shop', 'config.json');
    for (const file of [path, join(project, '.sandbox.json')]) {
      expect((await stat(file)).mode & EVERY_FILE).toBe(0o600);
    }
    expect(await readFile(path, 'utf8')).toContain('"schema_name": "Shop Floor"');
    expect(up.text).not.toContain(source?.password);

    const client = new pg.Client({
      host: '127.0.0.1',
      port: source?.port,
      user: 'shop_app',
      password: state.passwords.application,
      database: 'shop',
    });
    await client.connect();
    const { rows } = await client.query('SELECT count(*)::int AS orders FROM "Shop Floor"."Orders"');
    await client.end();
    expect(rows).toEqual([{ orders: 60_000 }]);

    const precheck = await runBelt(project, ['precheck', 'sandbox', '--json']);
    expect(precheck.exitCode, precheck.text).toBe(0);

    const again = await runBelt(folder, ['sandbox', 'up']);
    expect(again.exitCode, again.text).toBe(1);
    expect(again.stderr).toMatch(/there is a sandbox in .* already, and it is running/);

    const pids = await mainProcesses(state);
    expect(pids.map(isAlive)).toEqual([true, true]);
    const down = await runBelt(folder, ['sandbox', 'down']);
    expect(down.exitCode, down.text).toBe(0);
    await expectEnded(pids);
    expect(existsSync(state.home)).toBe(false);
    expect(existsSync(project)).toBe(false);
  });

  it('keeps the files that it did not make', { timeout: 120_000 }, async () => {
    const mine = join(folder, 'belt-sandbox', 'configs', 'sandbox', 'mine', 'config.json');
    await mkdir(join(mine, '..'), { recursive: true });
    await writeFile(mine, '{}');
    const up = await runBelt(folder, ['sandbox', 'up']);
    expect(up.exitCode, up.text).toBe(0);
    const down = await runBelt(folder, ['sandbox', 'down']);
    expect(down.exitCode, down.text).toBe(0);
    expect(existsSync(mine)).toBe(true);
    expect(existsSync(join(folder, 'belt-sandbox', '.sandbox.json'))).toBe(false);
  });

  it('takes everything away when it is interrupted', { timeout: 120_000 }, async () => {
    const up = await runBelt(folder, ['sandbox', 'up'], { signalWhen: { signal: 'SIGINT', matches: /destination/ } });
    expect(up.exitCode, up.text).toBe(130);
    expect(existsSync(join(folder, 'belt-sandbox'))).toBe(false);
  });

  it('can be taken away after it was killed half-way', { timeout: 120_000 }, async () => {
    await runBelt(folder, ['sandbox', 'up'], { killWhen: /loading/ });
    const state = await readState();
    const pids = await mainProcesses(state);
    const down = await runBelt(folder, ['sandbox', 'down']);
    expect(down.exitCode, down.text).toBe(0);
    await expectEnded(pids);
    expect(existsSync(state.home)).toBe(false);
  });
});

describe('belt sandbox, used wrongly', () => {
  it('says so when there is none to remove', async () => {
    const down = await runBelt(folder, ['sandbox', 'down']);
    expect(down.exitCode, down.text).toBe(2);
    expect(down.stderr).toContain('there is no sandbox in');
  });

  it('wants up or down', async () => {
    const sideways = await runBelt(folder, ['sandbox', 'sideways']);
    expect(sideways.exitCode, sideways.text).toBe(2);
    expect(sideways.stderr).toContain('wants "up" or "down"');
  });

  it('says what to install where there is no server', async () => {
    const { noServers } = await import('../../src/sandbox/installations.js');
    expect(noServers([]).hint).toContain('apt-get install');
    expect(noServers([]).hint).toContain('ocker');
  });
});
