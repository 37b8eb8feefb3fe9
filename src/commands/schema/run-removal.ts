import { BeltError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Step } from '../../pair/steps.js';
import type { RemovalFields } from '../../results/removal.js';
import { deferredOrigin } from '../../schema/deferred-origin.js';
import type { RemovalStepOptions } from '../../schema/removal.js';
import type { Outcome } from '../define.js';

export interface RemovalOptions {
  readonly fromFiles: boolean;
}

/** Runs a step that removes things, and tells what became of each. */
export async function runRemoval(
  pair: Pair,
  options: RemovalOptions,
  kind: 'indexes' | 'constraints',
  step: (pair: Pair, options: RemovalStepOptions) => Step,
): Promise<Outcome<RemovalFields>> {
  const origin = deferredOrigin(pair, options);
  const detail: RemovalFields['detail'] = { definitions_file: origin.files?.[kind] ?? null, objects: [] };
  try {
    await pair.run([
      step(pair, {
        origin,
        keep: (results) => {
          detail.objects = [...results];
        },
      }),
    ]);
  } catch (error) {
    // What was dropped until then belongs into the result, beside the error.
    if (!(error instanceof BeltError)) throw error;
    return { fields: { detail }, error };
  }
  return { fields: { detail } };
}
