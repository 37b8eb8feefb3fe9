import { setTimeout as sleep } from 'node:timers/promises';
import { BeltError, InterruptedError } from '../errors.js';
import type { Step } from '../pair/steps.js';
import type { Direction } from '../pglogical/direction.js';
import { applyWorker, isSameWorker, readDirection, type ApplyWorker, type DirectionState } from '../pglogical/state.js';
import { Stall } from './stall.js';

/** Milliseconds between two looks. */
const LOOK_MS = 250;
/** Milliseconds for which it may be down: a worker that failed is started again after some seconds. */
const DOWN_MS = 20_000;

/**
 * The step that waits until the destination has what was written while rows were copied. pglogical's own word comes when the
 * worker has started: here every table must have been taken over, and the worker that reads the slot, the same one in two
 * looks, must have come to the end of the source's log. It takes as long as something moves.
 * @param handedOver whether this run has just done so
 * @param left is told, look after look, how many bytes of WAL there are to go
 */
export function catchUpStep(
  direction: Direction,
  signal: AbortSignal,
  handedOver: () => boolean,
  left: (bytes: number) => void,
): Step {
  return {
    name: 'catch-up',
    title: 'wait until the destination has what was written meanwhile',
    done: async () => (!handedOver() && isReady(await readDirection(direction)) ? 'it has' : null),
    run: async () => {
      await untilReady(direction, signal, left);
      return 'replicating';
    },
  };
}

/** Whether nothing is left to wait for, but for looking twice. */
function isReady({ status, subscription, slot }: DirectionState): boolean {
  return status === 'replicating' && subscription?.tables_unready === 0 && slot?.walsender_state === 'streaming';
}

async function untilReady(direction: Direction, signal: AbortSignal, left: (bytes: number) => void): Promise<void> {
  const subscriber = await direction.subscriber.root();
  let ready: ApplyWorker | null = null;
  const stall = new Stall(direction);
  let upAt = performance.now();
  for (;;) {
    const state = await readDirection(direction);
    const now = performance.now();
    const worker = await applyWorker(subscriber, direction.subscription);
    if (isReady(state) && worker !== null) {
      if (isSameWorker(worker, ready)) return;
      ready = worker;
    } else ready = null;
    if (state.status !== 'down') upAt = now;
    else if (now - upAt > DOWN_MS) throw isDown(direction, state);
    if (ready === null) await stall.look(state.slot, worker);
    left(state.slot?.confirmed_lag_bytes ?? 0);
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {
      throw new InterruptedError('interrupted while the destination caught up; replication goes on by itself');
    });
  }
}

function isDown({ subscriber, subscription }: Direction, { reasons }: DirectionState): BeltError {
  return new BeltError(`all rows are copied, but replication does not go on: ${reasons.join('; ')}`, {
    hint: 'See why with "belt doctor", mend it, and run the same command again.',
    detail: { side: subscriber.name, object: subscription, reasons },
  });
}
