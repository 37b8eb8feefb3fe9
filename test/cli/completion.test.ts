import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bashReplies } from '../../src/commands/project/completion-bash.js';
import { candidates } from '../../src/commands/project/completion-candidates.js';
import { registry } from '../../src/registry.js';
import { buildBelt } from '../harness/belt.js';
import { callBelt } from '../harness/call-belt.js';
import { onTerminal } from '../harness/terminal.js';
import { projectFolder } from '../unit/config/folder.js';

const PROGRAM = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));
const BREAKS = ' \t\n"\'@><=;|&(:';

const project = projectFolder();

beforeAll(async () => {
  await buildBelt();
});

beforeEach(async () => {
  const folders = ['configs/my dc/db one', "configs/my dc/it's", 'configs/a:b/x', 'configs/a:c/y', 'configs/d$r/q"x'];
  for (const folder of [...folders, 'configs/a:b/line\nbreak', 'remote-configs/far/r1', 'remote-configs/a:b/z', 'bin'])
    await mkdir(join(project.path, folder), { recursive: true });
  await symlink(PROGRAM, join(project.path, 'bin/belt'));
});

const complete = (words: readonly string[]) => candidates(words, registry, project.path);
const values = async (...words: string[]): Promise<string[]> => (await complete(words)).map(({ value }) => value);

describe('what may stand in place of a word', () => {
  it('is every command first', async () => {
    expect(await values('st')).toEqual([...registry.map(({ name }) => name), 'help']);
    expect(await values('help', '')).toEqual(registry.map(({ name }) => name));
    expect(await values('-')).toEqual(['--help', '--version']);
  });

  it('is a datacenter, then a database, of configs and remote-configs, then an option', async () => {
    expect(await values('status', '')).toEqual(['a:b', 'a:c', 'd$r', 'far', 'my dc']);
    expect(await values('status', '--json', 'a:b', '')).toEqual(['x', 'z']);
    expect(await values('status', 'far', 'r1', '')).toEqual(['--json', '--concurrency', '--watch', '--help']);
    expect(await values('init', 'my dc', '')).toEqual(['db one', "it's"]);
    expect(await values('list', '')).toContain('far');
  });

  it('is an option of the command that is not there yet', async () => {
    expect(await values('setup', 'far', '-')).toEqual(
      expect.arrayContaining(['--json', '--concurrency', '--dry-run', '--no-schema', '--help']),
    );
    expect(await values('setup', '--json', '--concurrency=3', 'far', '-')).not.toEqual(
      expect.arrayContaining(['--json']),
    );
    expect(await values('setup', '--concurrency=3', '-')).not.toContain('--concurrency');
    expect(await values('revoke-logins', 'far', '-e', 'x', '-')).toContain('--exclude-user');
  });

  it('is nothing where a value, or nothing more, is wanted', async () => {
    expect(await values('status', '--concurrency', '')).toEqual([]);
    expect(await values('status', '--concurrency', '4', '')).toContain('far');
    expect(await values('nonsense', '')).toEqual([]);
    expect(await values('status', 'nonsense', '')).toEqual([]);
  });

  it('is one of the words that an argument can be', async () => {
    expect(await values('sandbox', '')).toEqual(['up', 'down']);
    expect(await values('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await values('schema', '')).toEqual(expect.arrayContaining(['status', 'list']));
    expect(await values('schema', '')).not.toContain('sandbox');
  });
});

/** What is typed in bash, and what readline puts in place of the last word's end. */
const BASH: readonly (readonly [typed: string, replies: readonly string[]])[] = [
  ['belt stat', ['status']],
  ['belt  status  my', [String.raw`my\ dc`]],
  [String.raw`belt status my\ dc db`, [String.raw`db\ one`]],
  ["belt status 'my d", ['my dc']],
  ['belt status "my dc" i', [String.raw`it\'s`]],
  ['belt status "my dc" "it', ["it's"]],
  ["belt status 'my dc' 'i", [String.raw`it'\''s`]],
  ['belt status a', ['a:b', 'a:c']],
  ['belt status a:', ['b', 'c']],
  [String.raw`belt status a\:`, ['a:b', 'a:c']],
  ['belt status a:b ', ['x', 'z']],
  ['belt status d', [String.raw`d\$r`]],
  ['belt status "d', [String.raw`d\$r`]],
  [String.raw`belt status d\$r `, [String.raw`q\"x`]],
  ['belt setup far r1 --dry', ['--dry-run']],
  ['bel', []],
];

describe('bash', () => {
  it.each(BASH)('%j: %j', async (typed, replies) => {
    expect(await bashReplies(typed, BREAKS, complete)).toEqual(replies);
  });

  it('completes by the script, as it is asked for', async () => {
    const { stdout: script } = await callBelt(project.path, ['completion', 'bash']);
    for (const typed of [String.raw`belt status my\ dc db`, 'belt status a:']) {
      const point = `COMP_LINE='${typed} and more' COMP_POINT=${String(typed.length)}`;
      const { stdout, stderr } = await promisify(execFile)(
        'bash',
        ['-c', `set -eu\n${script}\n${point}\n_belt\nprintf '%s\\n' "\${COMPREPLY[@]}"`],
        { cwd: project.path, env: { ...process.env, PATH: path() } },
      );
      expect(stderr).toBe('');
      expect(stdout.trimEnd().split('\n')).toEqual(BASH.find(([one]) => one === typed)?.[1]);
    }
  });

  it('completes at Tab', async () => {
    const { screen } = await onTerminal(
      project.path,
      "PS1='ready> ' bash --norc --noprofile -i",
      { PATH: path(), HOME: project.path, INPUTRC: '/dev/null' },
      [
        [/ready> $/, 'eval "$(belt completion bash)"\r'],
        [/ready> $/, 'belt stat\t'],
        [/belt status $/, 'my\t'],
        [/my\\ dc $/, 'i\t'],
        [/it\\'s $/, '--js\t'],
        [/--json $/, '\u0015echo "tab ""ends"\r'],
        [/tab ends/, 'exit\r'],
      ],
    );
    expect(screen).toContain(String.raw`belt status my\ dc it\'s --json `);
  });
});

describe('zsh and fish', () => {
  it.each(['zsh', 'fish'])('%s gets a line for each candidate, with what it means', async (shell) => {
    const ask = (...words: string[]) => callBelt(project.path, ['completion', shell, '--', ...words]);
    expect((await ask('status', 'my dc', '')).stdout).toBe("db one\tdatabase\nit's\tdatabase\n");
    expect((await ask('status', '--')).stdout).toContain('--json\tprint the result as JSON on stdout\n');
    expect((await ask('nonsense', '')).text).toContain('exit code 0');
  });

  it.each(['zsh', 'fish', 'bash'])('the script for %s', async (shell) => {
    const run = await callBelt(project.path, ['completion', shell]);
    expect(run.exitCode, run.text).toBe(0);
    await expect(run.stdout).toMatchFileSnapshot(`golden/completion.${shell}`);
  });
});

describe('another shell', () => {
  it.each(['csh', 'constructor'])('%s is refused', async (shell) => {
    const run = await callBelt(project.path, ['completion', shell]);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr).toMatch(/^error: belt completion wants bash, zsh, fish, not ".*"\n {2}what to do: /);
  });
});

function path(): string {
  return `${join(project.path, 'bin')}:${process.env['PATH'] ?? ''}`;
}
