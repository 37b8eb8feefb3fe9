import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../errors.js';

export interface WaitOptions {
  /** Milliseconds until it gives up. */
  readonly deadline: number;
  /** Milliseconds between two looks; grows to this from a tenth of it. */
  readonly interval?: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Looks again and again until `look` gives a value: pglogical changes its catalogs in the background, so a call's effect
 * must be waited for.
 * @returns the value, or undefined when the deadline passed
 * @throws what `look` throws; InterruptedError when the signal aborts
 */
export async function waitFor<T>(look: () => Promise<T | undefined>, options: WaitOptions): Promise<T | undefined> {
  const end = performance.now() + options.deadline;
  const longest = options.interval ?? 250;
  let pause = longest / 10;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= end) return undefined;
    await sleep(pause, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() => {
      throw new InterruptedError('interrupted');
    });
    pause = Math.min(longest, pause * 1.5);
  }
}

/**
 * What `work` gives, unless it takes longer than that. The work itself is not stopped: the caller closes what it uses.
 * @throws what `work` throws, or what `late` gives once the time is over
 */
export async function within<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, milliseconds);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
