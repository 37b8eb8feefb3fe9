import { lockPair } from '../pair/lock.js';
import type { Pair } from '../pair/pair.js';
import type { Step, StepProgress } from '../pair/steps.js';
import type { Tell } from './meter.js';
import { mayPass, Patience } from './patience.js';

/** Work that went well for so long has got somewhere: what fails after it fails for the first time. */
const PROGRESS_MS = 60_000;

/**
 * Runs work that is fit to run again; when a connection is lost on the way, again with new ones, and with belt's lock on
 * both databases, which went with the old ones.
 * @throws RefusedError when another belt has taken the databases over meanwhile; ConnectionError when the servers stay away
 */
async function persistently<T>(pair: Pair, tell: Tell, work: () => Promise<T>): Promise<T> {
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
      await patience.pause(error, pair.environment.signal, tell);
    }
  }
}

/** Lets work run that may have to wait, and shows what it waits for. */
export type Show = <T>(progress: (what: StepProgress) => void, work: (tell: Tell) => Promise<T>) => Promise<T>;

/** As a line of its own. */
const inWords: Show = (progress, work) =>
  work((text) => {
    progress(text);
  });

/** The step, run persistently. What is done is looked at again before each try. */
export function persistentStep(pair: Pair, step: Step, show: Show = inWords): Step {
  const { done, run } = step;
  return {
    ...step,
    ...(done === undefined ? {} : { done: () => persistently(pair, () => undefined, done) }),
    run: (progress) => {
      let tries = 0;
      return show(progress, (tell) =>
        persistently(pair, tell, async () => {
          tries += 1;
          const reason = tries === 1 ? null : ((await done?.()) ?? null);
          const say = (what: StepProgress): void => {
            if (typeof what === 'string') tell(what);
          };
          return reason ?? (await run(say));
        }),
      );
    },
  };
}
