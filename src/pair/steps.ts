import type { CopyProgress } from '../copy-progress.js';
import { BeltError, InterruptedError } from '../errors.js';

/** What became of a step; the same object stands in the JSON. */
export interface StepResult {
  name: string;
  /** `planned` only with --dry-run: it would be done. */
  status: 'ok' | 'skipped' | 'failed' | 'planned';
  message: string | null;
  duration_ms: number;
}

/** One named piece of work that knows how to see that it is done already. */
export interface Step {
  /** Kebab-case, unique within the command: `create-role-src`. */
  readonly name: string;
  /** What it does, as a person says it: `create role pglogical on the source`. */
  readonly title: string;
  /** It only looks, and refuses when something is wrong; so --dry-run runs it too. */
  readonly readOnly?: boolean;
  /** Reads the servers; gives the reason why there is nothing to do, or null when there is. Changes nothing. */
  readonly done?: () => Promise<string | null>;
  /** Does the work; may give a sentence about what it did. `progress` shows a line while it works. */
  readonly run: (progress: (what: StepProgress) => void) => Promise<string | undefined>;
}

/** What a step tells while it works: a line, or the figures of a copy. */
export type StepProgress = string | CopyProgress;

/** Steps in order; an inner array's members run side by side, each member being a step or a list of steps in order. */
export type Plan = readonly (Step | { readonly parallel: readonly Plan[] })[];

export interface StepEvents {
  stepStarted(step: Step): void;
  stepProgress(step: Step, what: StepProgress): void;
  stepEnded(step: Step, result: StepResult): void;
}

export interface RunPlanOptions {
  readonly events: StepEvents;
  /** Where results are put as they come, so that a failure leaves what was done before it. */
  readonly results: StepResult[];
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs the steps in order. The first that fails ends it (members that run beside it are waited for).
 * @throws the step's error, with the step's name in `detail.step`
 */
export async function runPlan(plan: Plan, options: RunPlanOptions): Promise<void> {
  for (const entry of plan) {
    if ('parallel' in entry) {
      const settled = await Promise.allSettled(entry.parallel.map((inner) => runPlan(inner, options)));
      for (const one of settled) if (one.status === 'rejected') throw one.reason;
    } else {
      await runStep(entry, options);
    }
  }
}

async function runStep(step: Step, { events, results, dryRun, signal }: RunPlanOptions): Promise<void> {
  if (signal?.aborted === true) throw new InterruptedError(`interrupted before step "${step.title}"`);
  const started = performance.now();
  const end = (status: StepResult['status'], message: string | undefined): void => {
    const result: StepResult = {
      name: step.name,
      status,
      message: message ?? null,
      duration_ms: Math.round(performance.now() - started),
    };
    results.push(result);
    events.stepEnded(step, result);
  };
  events.stepStarted(step);
  try {
    const reason = (await step.done?.()) ?? null;
    if (reason !== null) end('skipped', reason);
    else if (dryRun && step.readOnly !== true) end('planned', step.title);
    else
      end(
        'ok',
        await step.run((what) => {
          events.stepProgress(step, what);
        }),
      );
  } catch (error) {
    end('failed', error instanceof Error ? error.message : String(error));
    throw withStep(error, step);
  }
}

/** Names the step in the error's detail, where it is not named yet. */
function withStep(error: unknown, step: Step): unknown {
  if (error instanceof BeltError && error.detail?.['step'] === undefined) {
    Object.defineProperty(error, 'detail', { value: { ...error.detail, step: step.name }, enumerable: true });
  }
  return error;
}
