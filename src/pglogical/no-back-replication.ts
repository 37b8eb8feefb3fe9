import { RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { back } from './direction.js';
import { readInventory, SLOT_ENDINGS } from './inventory.js';
import { readSubscription } from './state.js';

/**
 * The step that refuses to copy while back replication is there: it would carry every copied row to the source, over rows
 * that are newer by then.
 * @param over why there is nothing to copy any more, or null
 */
export function noBackReplicationStep(pair: Pair, over: () => Promise<string | null>): Step {
  const direction = back(pair);
  return {
    name: 'check-back-replication',
    title: 'check that nothing on the destination goes back to the source',
    readOnly: true,
    done: over,
    run: async () => {
      const { src, dst } = await pair.roots();
      const subscription = await readSubscription(src, direction.subscription);
      const slot = (await readInventory(dst)).slots.find(({ name }) => name.endsWith(SLOT_ENDINGS.back));
      if (subscription === null && slot === undefined) return 'nothing does';
      throw new RefusedError(
        `back replication from the ${pair.dst.toString()} to the source is there already (${
          subscription === null ? `slot ${slot?.name ?? ''}` : `subscription ${direction.subscription}`
        }): it would carry the copied rows to the source, over newer ones`,
        {
          hint: 'End it with "belt teardown-back-replication", and run the same command again.',
          detail: { side: subscription === null ? 'dst' : 'src', object: slot?.name ?? direction.subscription },
        },
      );
    },
  };
}
