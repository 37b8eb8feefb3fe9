import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { registry } from '../../src/registry.js';
import { emptyProgram } from '../docs/commands.js';
import { runBelt } from '../harness/belt.js';
import { callBelt } from '../harness/call-belt.js';

const HELP = '(belt help lists the commands; belt help <command> shows one with an example)';
const WHOLE = (range: string) => `It wants a whole number from ${range}.`;

/** What is typed, and the lines that come before the word about help. */
const WRONG: readonly (readonly [string[], string[]])[] = [
  [
    ['setpu', 'dc1'],
    ["error: unknown command 'setpu'", '(Did you mean setup?)'],
  ],
  [['migrate'], ["error: unknown command 'migrate'"]],
  [
    ['help', 'setpu'],
    ["error: unknown command 'setpu'", '(Did you mean setup?)'],
  ],
  [['help', 'migrate'], ["error: unknown command 'migrate'"]],
  [
    ['status', 'dc1', '--jsno'],
    ["error: unknown option '--jsno'", '(Did you mean --json?)'],
  ],
  [['--frobnicate'], ["error: unknown option '--frobnicate'"]],
  [['status', 'dc1', '--dry-run'], ["error: unknown option '--dry-run'"]],
  [['setup'], ["error: missing required argument 'dc'"]],
  [['sandbox'], ["error: missing required argument 'up|down'"]],
  [['setup', 'dc1', 'db1', 'more'], ["error: too many arguments for 'setup'. Expected 2 arguments but got 3."]],
  [['revoke-logins', 'dc1', '-e'], ["error: option '-e, --exclude-user <name>' argument missing"]],
  ...['0', '101', '1.5', ''].map((given): [string[], string[]] => [
    ['status', 'dc1', '--concurrency', given],
    [`error: option '--concurrency <n>' argument '${given}' is invalid. ${WHOLE('1 to 100')}`],
  ]),
  ...['65'].map((given): [string[], string[]] => [
    ['analyze', 'dc1', '--jobs', given],
    [`error: option '-j, --jobs <n>' argument '${given}' is invalid. ${WHOLE('1 to 64')}`],
  ]),
  ...['-1'].map((given): [string[], string[]] => [
    ['teardown-forward-replication', 'dc1', '--wait', given],
    [`error: option '--wait <seconds>' argument '${given}' is invalid. ${WHOLE('0 to 86400')}`],
  ]),
];

describe('a wrong command line', () => {
  it.each(WRONG)('belt %j: %j', async (args, lines) => {
    const run = await (args === WRONG[0]?.[0] ? runBelt : callBelt)(tmpdir(), args);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toBe(`${[...lines, HELP].join('\n')}\n`);
  });

  it('belt sandbox with another word than up and down', async () => {
    const run = await callBelt(tmpdir(), ['sandbox', 'left']);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr).toBe(
      'error: belt sandbox wants "up" or "down", not "left"\n  what to do: Start it with: belt sandbox up\n',
    );
  });
});

describe('every command on a database pair', () => {
  const pairs = registry.flatMap((spec) => (spec.kind === 'pairs' ? [spec] : []));
  const program = emptyProgram();

  it.each(pairs.map(({ name, changes, oneDatabase }) => [name, changes, oneDatabase] as const))(
    '%s takes --json, --concurrency unless it works on one database only, and --dry-run if it changes a server',
    (name, changes, oneDatabase) => {
      const help = program.commands.find((one) => one.name() === name)?.helpInformation() ?? '';
      expect(help).toMatch(/^ {2}--json /m);
      expect(/^ {2}--concurrency <n> /m.test(help)).toBe(oneDatabase !== true);
      expect(/^ {2}--dry-run /m.test(help)).toBe(changes !== false);
    },
  );
});
