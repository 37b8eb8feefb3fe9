import type { Pair } from '../../pair/pair.js';
import { back } from '../../pglogical/direction.js';
import { drainStep, dropSteps, type TeardownOptions } from '../../pglogical/teardown-steps.js';
import type { DetailFields } from '../../results/detail.js';
import { restoreSourceTriggersStep } from '../../schema/source-triggers.js';
import type { Outcome } from '../define.js';

/** Ends back replication, once the source has all that was committed on the destination. */
export async function run(pair: Pair, options: TeardownOptions): Promise<Outcome<DetailFields>> {
  const direction = back(pair);
  await pair.run([
    drainStep(pair, direction, options),
    ...dropSteps(pair, direction, options),
    restoreSourceTriggersStep(pair),
  ]);
  return { fields: { detail: { subscription: direction.subscription } } };
}
