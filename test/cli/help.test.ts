import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { registry } from '../../src/registry.js';
import packageJson from '../../package.json' with { type: 'json' };
import { runBelt } from '../harness/belt.js';
import { callBelt } from '../harness/call-belt.js';

const belt = (...args: string[]) => callBelt(tmpdir(), args);

describe('help', () => {
  it('lists all commands, by groups, in the order of the registry', async () => {
    const run = await belt('--help');
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stderr).toBe('');
    await expect(run.stdout).toMatchFileSnapshot('golden/help.txt');
    const listed = [...run.stdout.matchAll(/^ {2}([a-z-]+) .*(?:<|\[)/gm)].map((match) => match[1]);
    expect(listed.filter((name) => name !== 'help')).toEqual(registry.map(({ name }) => name));
  });

  it.each(['-h', 'help', undefined])('is the same by %s, as a process of its own', async (how) => {
    const [long, other] = await Promise.all([belt('--help'), runBelt(tmpdir(), how === undefined ? [] : [how])]);
    expect(other.exitCode, other.text).toBe(0);
    expect(other.stdout).toBe(long.stdout);
  });

  it.each(registry.map(({ name }) => name))('shows %s with an example', async (name) => {
    const [run, option] = await Promise.all([belt('help', name), belt(name, '--help')]);
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stdout).toMatch(new RegExp(`^Examples?:\\n {2}belt ${name}\\b`, 'm'));
    await expect(run.stdout).toMatchFileSnapshot(`golden/help-${name}.txt`);
    expect(option.stdout).toBe(run.stdout);
  });

  it.each(['-V', '--version'])('%s prints the version', async (flag) => {
    const run = await belt(flag);
    expect(run.exitCode, run.text).toBe(0);
    expect(run.stdout).toBe(`${packageJson.version}\n`);
    expect(run.stderr).toBe('');
  });
});
