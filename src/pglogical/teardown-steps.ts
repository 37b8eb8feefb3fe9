import { ConnectionError, RefusedError } from '../errors.js';
import { formatBytes } from '../bytes.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import type { Direction } from './direction.js';
import { waitForFence } from './fence.js';
import { readDirection, readSubscription } from './state.js';
import { dropRemains, dropSubscription, remainsGone } from './subscriptions.js';

export interface TeardownOptions {
  /** Seconds to wait for changes that are on their way. */
  readonly wait: number;
  /** Go on although changes are not applied. */
  readonly force: boolean;
}

/** The steps of one direction by names of their own, for commands that end both. */
export function ofDirection(direction: Direction, steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => ({ ...step, name: `${step.name}-${direction.name}` }));
}

/** Refuses to go on while the subscriber has not applied what the provider has committed. */
export function drainStep(pair: Pair, direction: Direction, { wait, force }: TeardownOptions): Step {
  const { provider, subscriber } = direction;
  return {
    name: 'check-applied',
    title: `check that the ${subscriber.word} has applied all that the ${provider.word} has committed`,
    done: async () => {
      const subscription = await readSubscription(await subscriber.root(), direction.subscription);
      if (subscription === null) return `${direction.name} replication is not configured`;
      return force ? 'not looked at, because of --force' : null;
    },
    readOnly: true,
    run: async (progress) => {
      await refuseUnlessCopied(direction);
      const fence = await waitForFence(direction, wait * 1000, pair.environment.signal, (missing) => {
        progress(`${formatBytes(missing)} of WAL to go`);
      });
      if (fence === null || fence.reached) return 'all is applied';
      const figure =
        fence.missing_bytes === null ? 'its slot is gone' : `${formatBytes(fence.missing_bytes)} of WAL not confirmed`;
      throw new RefusedError(
        `the ${subscriber.toString()} has not applied all that the ${provider.toString()} has committed: ${figure} ` +
          `(confirmed ${fence.confirmed ?? 'nothing'}, wanted ${fence.lsn})` +
          (fence.active ? ` after ${String(wait)} s` : ', and nothing reads its slot'),
        {
          hint: fence.active
            ? 'Wait and run the same command again, with a longer --wait. With --force those changes are lost.'
            : 'See why with "belt status". With --force the changes not applied are lost.',
          detail: {
            side: subscriber.name,
            missing_bytes: fence.missing_bytes,
            confirmed_lsn: fence.confirmed,
            fence_lsn: fence.lsn,
          },
        },
      );
    },
  };
}

/** What the fence cannot see: rows that the initial copy has not brought, or lost. */
async function refuseUnlessCopied(direction: Direction): Promise<void> {
  const state = await readDirection(direction);
  const { copy } = state;
  if (copy === null && state.status !== 'initializing' && state.subscription?.sync_status === 'r' && !state.copyLost) {
    return;
  }
  const far =
    copy === null || copy.tables === 0 ? '' : `: ${String(copy.whole)} of ${String(copy.tables)} tables are whole`;
  throw new RefusedError(
    state.status === 'initializing'
      ? `the initial copy into the ${direction.subscriber.toString()} is not over${far}`
      : `the ${direction.subscriber.toString()} does not have all rows: ${state.reasons.join('; ')}`,
    {
      hint: 'See how far it is with "belt status". With --force the rows that are missing are lost.',
      detail: {
        side: direction.subscriber.name,
        status: state.status,
        ...(copy === null ? {} : { tables: copy.tables, tables_whole: copy.whole }),
      },
    },
  );
}

/** Drops a direction's subscription and whatever of it outlived it on either side. */
export function dropSteps(
  pair: Pair,
  direction: Direction,
  { force }: Pick<TeardownOptions, 'force'>,
): readonly Step[] {
  const { provider, subscriber, subscription } = direction;
  return [
    {
      name: 'drop-subscription',
      title: `drop subscription ${subscription} on the ${subscriber.word}`,
      done: async () =>
        (await readSubscription(await subscriber.root(), subscription)) === null ? 'there is none' : null,
      run: () => dropSubscription(direction, pair.environment.signal),
    },
    {
      name: 'check-remains',
      title: `check that its slot on the ${provider.word} and its origin on the ${subscriber.word} are gone`,
      done: () => (force ? remainsGone(direction).catch(providerGone(direction)) : remainsGone(direction)),
      run: () => dropRemains(direction, pair.environment.signal),
    },
  ];
}

/** With --force a provider that is no more does not keep the subscriber from being set free. */
function providerGone({ provider }: Direction): (error: unknown) => string {
  return (error) => {
    if (!(error instanceof ConnectionError) || error.detail?.['side'] !== provider.name) throw error;
    return `NOT LOOKED AT, the ${provider.word} does not answer: should it come back, drop its pgl_* slot there, which keeps WAL`;
  };
}
