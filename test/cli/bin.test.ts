import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin', import.meta.url));
const elsewhere = mkdtempSync(join(tmpdir(), 'belt-bin-'));

afterAll(() => {
  rmSync(elsewhere, { recursive: true });
});

/** Runs a program of bin/ in a folder that holds nothing else: no dist, no packages. */
function runAlone(file: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  cpSync(BIN, join(elsewhere, 'bin'), { recursive: true });
  return spawnSync(process.execPath, [join(elsewhere, 'bin', file), ...args], { encoding: 'utf8' });
}

describe('bin/belt.js', () => {
  it('says how to build belt when it is not built', () => {
    const { status, stdout, stderr } = runAlone('belt.js', 'status', 'dc');
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^belt is not built: .*dist\/cli\.js is missing\. Run "npm ci && npm run build"/);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('bin/bootstrap.mjs', () => {
  it.each([[[]], [['nonsense']], [['toString']]])('says what it takes when called with %j', (args) => {
    const { status, stderr } = runAlone('bootstrap.mjs', ...args);
    expect(status).toBe(1);
    expect(stderr).toBe('bootstrap: usage: node bin/bootstrap.mjs demo|test|proofs|bench|prepare [arguments]\n');
  });

  it('does not fail to prepare what cannot be built without saying what to do', () => {
    const { status, stderr } = runAlone('bootstrap.mjs', 'prepare');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^bootstrap: dist is missing, .* Run: npm ci --include=dev\n$/);
  });
});
