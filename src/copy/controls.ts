import { Rate } from './rate.js';

/** What may be changed while a copy runs: how many pieces are copied at once, and how fast in all. */
export class Controls {
  readonly rate: Rate;
  readonly #changed = new Set<() => void>();
  #jobs: number;

  /** @param maxRate bytes per second; Infinity for no limit */
  constructor(jobs: number, maxRate: number) {
    this.#jobs = jobs;
    this.rate = new Rate(maxRate);
  }

  get jobs(): number {
    return this.#jobs;
  }

  set jobs(jobs: number) {
    if (jobs === this.#jobs) return;
    this.#jobs = jobs;
    for (const changed of this.#changed) changed();
  }

  /** Calls `changed` whenever there are to be more or fewer jobs. @returns what ends that */
  onJobs(changed: () => void): () => void {
    this.#changed.add(changed);
    return () => void this.#changed.delete(changed);
  }
}

/**
 * Lets workers work side by side, as many as are wanted at the time: one too many leaves when it asks, which it does
 * between two pieces, so that no piece is lost.
 * @param more whether there is work for one more
 * @param work works until `mayGoOn` says no, or nothing is left
 * @returns what went wrong, when all have left
 */
export async function workTogether(
  controls: Controls,
  more: () => boolean,
  work: (mayGoOn: () => boolean) => Promise<void>,
): Promise<unknown[]> {
  const errors: unknown[] = [];
  const atWork = new Set<Promise<void>>();
  let staying = 0;
  const begin = (): void => {
    while (staying < controls.jobs && more()) {
      let left = false;
      const leave = (): void => {
        if (!left) staying -= 1;
        left = true;
      };
      const mayGoOn = (): boolean => {
        if (staying > controls.jobs) leave();
        return !left;
      };
      staying += 1;
      const one = work(mayGoOn)
        .catch((error: unknown) => void errors.push(error))
        .finally(() => {
          leave();
          atWork.delete(one);
        });
      atWork.add(one);
    }
  };
  const end = controls.onJobs(begin);
  try {
    begin();
    while (atWork.size > 0) await Promise.race(atWork);
  } finally {
    end();
  }
  return errors;
}
