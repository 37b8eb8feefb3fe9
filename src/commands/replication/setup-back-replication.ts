import type { Pair } from '../../pair/pair.js';
import { RefusedError } from '../../errors.js';
import { back, forward } from '../../pglogical/direction.js';
import { setupReplicationSet } from '../../pglogical/setup-steps.js';
import { readDirection } from '../../pglogical/state.js';
import { createSubscription, subscriptionExists, waitForDirection } from '../../pglogical/subscriptions.js';
import type { DetailFields } from '../../results/detail.js';
import type { Outcome } from '../define.js';

/** Puts the destination's tables into a set and subscribes the source to it, without copying anything. */
export async function run(pair: Pair): Promise<Outcome<DetailFields>> {
  const direction = back(pair);
  const { signal } = pair.environment;
  await pair.run([
    {
      name: 'check-forward-replication',
      title: 'check that the initial copy is over',
      readOnly: true,
      run: () => refuseUnlessCopied(pair),
    },
  ]);
  await setupReplicationSet(pair, 'dst', false);
  await pair.run([
    {
      name: 'create-subscription',
      title: `create subscription ${direction.subscription} on the source`,
      done: () => subscriptionExists(direction),
      run: () => createSubscription(direction, false),
    },
    {
      name: 'wait-replicating',
      title: 'wait until back replication runs',
      run: async () => {
        await waitForDirection(direction, ['replicating'], { deadline: 60_000, signal });
        return 'replicating';
      },
    },
  ]);
  return { fields: { detail: { subscription: direction.subscription } } };
}

/**
 * While rows are copied to the destination they carry no origin: back replication would send them home again, over rows
 * that are newer by then.
 */
async function refuseUnlessCopied(pair: Pair): Promise<string> {
  const state = await readDirection(forward(pair));
  if (state.status === 'replicating') return 'forward replication is replicating';
  const waiting = state.subscription?.tables_waiting ?? 0;
  throw new RefusedError(
    state.status === 'unconfigured'
      ? `forward replication of "${pair.db}" is not set up`
      : `forward replication of "${pair.db}" is ${state.status}` +
          (waiting > 0 ? `: ${String(waiting)} tables are still to be copied` : '') +
          (state.reasons.length > 0 ? `: ${state.reasons.join('; ')}` : ''),
    {
      hint:
        state.status === 'unconfigured'
          ? 'Run belt setup first.'
          : state.copy !== null && state.status === 'down'
            ? 'Run belt setup again: it goes on. Before the copy is whole, its rows would be sent back to the source and overwrite newer ones.'
            : 'Wait until belt status says "replicating": before that, copied rows would be sent back to the source and overwrite newer ones.',
      detail: { side: 'dst', forward_replication: state.status },
    },
  );
}
