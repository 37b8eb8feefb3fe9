import { expect } from 'vitest';
import type { BeltRun } from './belt.js';
import type { TestConfig } from './pair.js';

export interface Failure {
  /** 1 when left out. */
  readonly exitCode?: number;
  /** All that the message, and what to do below it, must say. */
  readonly says: readonly RegExp[];
  /** The config, whose passwords must not show up. */
  readonly config: TestConfig;
}

/** Expects a failure told in one clear message, with what to do, and without a stack trace or a secret. */
export function expectFailure(run: BeltRun, { exitCode = 1, says, config }: Failure): void {
  expect(run.exitCode, run.text).toBe(exitCode);
  const errors = run.stderr.match(/^error: .*(?:\n {2}.*)*/gm) ?? [];
  expect(errors, run.text).toHaveLength(1);
  for (const words of says) expect(errors[0], run.text).toMatch(words);
  expect(errors[0], run.text).toMatch(/\n {2}what to do: /);
  expectNoTrace(run);
  expectNoSecret(run.stdout + run.stderr, config);
}

/** Expects that nothing looks like a defect of belt's own. */
export function expectNoTrace({ stdout, stderr, text }: BeltRun): void {
  expect(stdout + stderr, text).not.toMatch(/\n\s+at |InternalError|defect of belt|\[object |undefined/);
}

export function expectNoSecret(text: string, config: TestConfig): void {
  for (const secret of secretsOf(config)) expect(text.includes(secret), `"${secret}" in: ${text}`).toBe(false);
}

/** The passwords of a config, but for those that are also a name in it. */
function secretsOf({ src, dst }: TestConfig): string[] {
  const users = [src, dst].flatMap((side) =>
    side === null ? [] : [side.root_user, side.owner_user, side.pglogical_user],
  );
  const names = new Set(users.map(({ name }) => name));
  return [...new Set(users.map(({ pw }) => pw))].filter((pw) => !names.has(pw));
}
