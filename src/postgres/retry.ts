import { setTimeout as sleep } from 'node:timers/promises';
import { QueryError } from '../errors.js';

/**
 * Runs `work` again while it fails with one of the SQLSTATEs named, with growing pauses.
 * @param attempts how often in all
 */
export async function retryOn<T>(sqlstates: readonly string[], attempts: number, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof QueryError && sqlstates.includes(error.sqlstate);
      if (!again || attempt >= attempts) throw error;
      // Jitter, so that two belts that met once do not meet again and again.
      await sleep(50 * attempt + Math.random() * 100);
    }
  }
}
