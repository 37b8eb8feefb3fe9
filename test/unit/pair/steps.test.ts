import { describe, expect, it } from 'vitest';
import { BeltError, InterruptedError } from '../../../src/errors.js';
import { runPlan, type Plan, type Step, type StepResult } from '../../../src/pair/steps.js';

const events = { stepStarted: () => undefined, stepProgress: () => undefined, stepEnded: () => undefined };

function step(name: string, more: Partial<Step> = {}): Step {
  return { name, title: name, run: () => Promise.resolve(undefined), ...more };
}

async function run(plan: Plan, { dryRun = false, signal }: { dryRun?: boolean; signal?: AbortSignal } = {}) {
  const results: StepResult[] = [];
  let error: unknown;
  await runPlan(plan, { events, results, dryRun, signal }).catch((thrown: unknown) => {
    error = thrown;
  });
  return { statuses: results.map(({ name, status }) => `${name} ${status}`), results, error };
}

describe('runPlan', () => {
  it('does what is not done, skips what is, and stops at the first failure, naming the step', async () => {
    const { statuses, error } = await run([
      step('there', { done: () => Promise.resolve('it is there') }),
      step('new', { done: () => Promise.resolve(null) }),
      step('broken', { run: () => Promise.reject(new BeltError('no', { detail: { side: 'src' } })) }),
      step('never'),
    ]);
    expect(statuses).toEqual(['there skipped', 'new ok', 'broken failed']);
    expect((error as BeltError).detail).toEqual({ side: 'src', step: 'broken' });
  });

  it('waits for all that run side by side before it fails', async () => {
    let ended = false;
    const slow = step('slow', {
      run: () =>
        new Promise((resolve) => {
          setTimeout(() => {
            ended = true;
            resolve(undefined);
          }, 30);
        }),
    });
    const { statuses, error } = await run([
      { parallel: [[step('broken', { run: () => Promise.reject(new BeltError('no')) })], [slow]] },
      step('never'),
    ]);
    expect(ended).toBe(true);
    expect(statuses).toEqual(['broken failed', 'slow ok']);
    expect(error).toBeInstanceOf(BeltError);
  });

  it('plans with dryRun: looks, but does nothing', async () => {
    let changed = false;
    const { statuses } = await run(
      [
        step('look', { readOnly: true }),
        step('there', { done: () => Promise.resolve('it is there') }),
        step('change', {
          run: () => {
            changed = true;
            return Promise.resolve(undefined);
          },
        }),
      ],
      { dryRun: true },
    );
    expect(statuses).toEqual(['look ok', 'there skipped', 'change planned']);
    expect(changed).toBe(false);
  });

  it('begins no further step after an interruption', async () => {
    const abort = new AbortController();
    const { statuses, error } = await run(
      [
        step('first', {
          run: () => {
            abort.abort();
            return Promise.resolve(undefined);
          },
        }),
        step('second'),
      ],
      { signal: abort.signal },
    );
    expect(statuses).toEqual(['first ok']);
    expect(error).toBeInstanceOf(InterruptedError);
  });
});
