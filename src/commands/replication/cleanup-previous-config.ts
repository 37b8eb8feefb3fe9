import { BeltError, InterruptedError, RefusedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Step } from '../../pair/steps.js';
import { forward } from '../../pglogical/direction.js';
import { readInventory } from '../../pglogical/inventory.js';
import { foreignStep, removalSteps } from '../../pglogical/removal-steps.js';
import { readSubscription } from '../../pglogical/state.js';
import type { DetailFields } from '../../results/detail.js';
import { restoreSourceTriggersStep } from '../../schema/source-triggers.js';
import type { Outcome } from '../define.js';

interface Options {
  readonly force: boolean;
  /** The extensions as well. */
  readonly full: boolean;
}

/** Takes away from the source what an earlier migration left there, when its other server may be long gone. */
export async function run(pair: Pair, options: Options): Promise<Outcome<DetailFields>> {
  await pair.run([
    foreignStep(pair.src, options),
    inUseStep(pair, options),
    restoreSourceTriggersStep(pair),
    ...removalSteps(pair.src, { ...options, schemas: () => pair.schemasOn('src'), signal: pair.environment.signal }),
  ]);
  return { fields: { detail: { full: options.full } } };
}

/** What is replicating, or belongs to the migration that the config describes, is not left over. */
function inUseStep(pair: Pair, { force }: Options): Step {
  return {
    name: 'check-in-use',
    title: 'check that no migration is under way on the source',
    readOnly: true,
    run: async () => {
      const { subscriptions, slots } = await readInventory(await pair.src.root());
      const current = slots.length === 0 ? undefined : await slotOfThisMigration(pair);
      const inUse = [
        ...subscriptions
          .filter(({ status }) => status === 'replicating' || status === 'initializing')
          .map(({ name, status }) => `subscription ${name} is ${status}`),
        ...slots.filter(({ active }) => active).map(({ name }) => `a subscriber reads slot ${name}`),
        ...slots
          .filter(({ name, active }) => !active && name === current)
          .map(({ name }) => `slot ${name} feeds the destination of this config`),
      ];
      if (inUse.length === 0) return 'none is';
      if (force) return `ended, because of --force: ${inUse.join('; ')}`;
      throw new RefusedError(`a migration is under way on the ${pair.src.toString()}: ${inUse.join('; ')}`, {
        hint: 'For a migration that this config describes there is "belt teardown". --force ends it here all the same.',
        detail: { side: 'src', in_use: inUse },
      });
    },
  };
}

/** The slot of this config's own forward replication, if the destination is there to tell. */
async function slotOfThisMigration(pair: Pair): Promise<string | undefined> {
  if (!pair.hasDst) return undefined;
  try {
    return (await readSubscription(await pair.dst.root(), forward(pair).subscription))?.slot;
  } catch (error) {
    if (!(error instanceof BeltError) || error instanceof InterruptedError) throw error;
    return undefined;
  }
}
