import { lockPair } from '../pair/lock.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { mayPass, Patience } from './patience.js';

/** Work that went well for so long has got somewhere: what fails after it fails for the first time. */
const PROGRESS_MS = 60_000;

/**
 * Runs work that is fit to run again; when a connection is lost on the way, again with new ones, and with belt's lock on
 * both databases, which went with the old ones.
 * @throws RefusedError when another belt has taken the databases over meanwhile; ConnectionError when the servers stay away
 */
async function persistently<T>(pair: Pair, progress: (text: string) => void, work: () => Promise<T>): Promise<T> {
  const patience = new Patience();
  for (let lost = false; ; lost = true) {
    const began = performance.now();
    try {
      if (lost) {
        await pair.reopen();
        await lockPair(pair, 'both');
      }
      return await work();
    } catch (error) {
      if (!mayPass(error)) throw error;
      if (performance.now() - began > PROGRESS_MS) patience.renew();
      await patience.pause(error, pair.environment.signal, progress);
    }
  }
}

/** The step, run persistently. What is done is looked at again before each try. */
export function persistentStep(pair: Pair, step: Step): Step {
  const { done, run } = step;
  return {
    ...step,
    ...(done === undefined ? {} : { done: () => persistently(pair, () => undefined, done) }),
    run: (progress) => {
      let tries = 0;
      return persistently(pair, progress, async () => {
        tries += 1;
        const reason = tries === 1 ? null : ((await done?.()) ?? null);
        return reason ?? (await run(progress));
      });
    },
  };
}
