import { emptyTables, readMovedTables } from '../../data/empty-tables.js';
import { beforeCutoverStep, sidesStep } from '../../data/reset-guard.js';
import { RefusedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { back, forward } from '../../pglogical/direction.js';
import { removeProofStep } from '../../pglogical/copy-proof.js';
import { readInventory, SLOT_ENDINGS } from '../../pglogical/inventory.js';
import { readSubscription } from '../../pglogical/state.js';
import { dropSteps, ofDirection } from '../../pglogical/teardown-steps.js';
import type { DetailFields } from '../../results/detail.js';
import { catalogDeferred } from '../../schema/deferred-origin.js';
import { emptyViewsStep } from '../../schema/materialized-views.js';
import { removeConstraintsStep, removeIndexesStep } from '../../schema/removal.js';
import type { Outcome } from '../define.js';

interface Options {
  readonly force: boolean;
}

/**
 * Sets a migration back to where `belt setup` begins to copy. Back replication ends first, so that nothing that happens
 * on the destination from then on can come to the source; the proof of the initial copy goes last, since it shows a second
 * run that the first did not come to its end.
 */
export async function run(pair: Pair, options: Options): Promise<Outcome<DetailFields>> {
  const { signal } = pair.environment;
  const removal = { origin: catalogDeferred(pair), keep: () => undefined };
  let emptied = 0;
  await pair.run([
    sidesStep(pair),
    beforeCutoverStep(pair, options),
    ...ofDirection(back(pair), dropSteps(pair, back(pair), { force: false })),
    ...ofDirection(forward(pair), dropSteps(pair, forward(pair), { force: false })),
    {
      name: 'empty-tables',
      title: 'empty the tables on the destination',
      done: async () => ((await readMovedTables(pair)).filled.length === 0 ? 'none holds rows' : null),
      run: async (progress) => {
        await refuseUnlessDetached(pair);
        const { filled, groups } = await readMovedTables(pair);
        await emptyTables(pair, groups, progress);
        emptied = filled.length;
        return `emptied ${String(emptied)}`;
      },
    },
    emptyViewsStep(pair),
    removeConstraintsStep(pair, removal),
    removeIndexesStep(pair, removal),
    removeProofStep(pair.src, signal),
    removeProofStep(pair.dst, signal),
  ]);
  return { fields: { detail: { tables_emptied: emptied } } };
}

/** Whatever came before: no table is emptied while anything could carry that to the source. */
async function refuseUnlessDetached(pair: Pair): Promise<void> {
  const { src, dst } = await pair.roots();
  const subscription = await readSubscription(src, back(pair).subscription);
  const slot = (await readInventory(dst)).slots.find(({ name }) => name.endsWith(SLOT_ENDINGS.back));
  if (subscription === null && slot === undefined) return;
  throw new RefusedError(`back replication from the ${pair.dst.toString()} to the source is still configured`, {
    hint: 'Somebody has set it up just now. Run the same command again.',
    detail: { side: 'dst', object: subscription?.slot ?? slot?.name ?? null },
  });
}
