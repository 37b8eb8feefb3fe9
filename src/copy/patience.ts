import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, InterruptedError } from '../errors.js';
import { SQLSTATE } from '../postgres/sqlstate.js';

/** Milliseconds between tries, when a connection is lost; then the last one again and again. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/** For so long the servers may be gone, counted anew after each success: a restart, a switch to a standby, a night's sleep. */
const PATIENCE_MS = 15 * 60_000;

/** What does not pass by waiting: who connects is not let in, or the database is gone. */
const STAYS: readonly unknown[] = [
  SQLSTATE.invalidPassword,
  SQLSTATE.invalidAuthorization,
  SQLSTATE.unknownDatabase,
  SQLSTATE.insufficientPrivilege,
];

/** How long something goes on trying whose connection was lost. */
export class Patience {
  #tries = 0;
  #since: number | undefined;

  /**
   * Waits before the next try, longer from time to time.
   * @param tell is told what happened, and when it goes on; and for how many milliseconds that is so
   * @throws the error itself, when waiting will not help or has not helped for a quarter of an hour
   */
  async pause(error: unknown, signal: AbortSignal, tell: (text: string, lastsMs: number) => void): Promise<void> {
    if (!mayPass(error)) throw error;
    const now = performance.now();
    this.#since ??= now;
    if (now - this.#since > PATIENCE_MS) throw error;
    const pause = PAUSES_MS[Math.min(this.#tries, PAUSES_MS.length - 1)] ?? 0;
    this.#tries += 1;
    tell(`${error.message}; tries again in ${String(Math.ceil(pause / 1000))} s`, pause);
    await sleep(pause, undefined, { signal }).catch(() => {
      throw new InterruptedError('interrupted');
    });
  }

  /** There was a success: the next loss is a new one. */
  renew(): void {
    this.#tries = 0;
    this.#since = undefined;
  }
}

/** Whether a failure may be gone after a while. */
export function mayPass(error: unknown): error is ConnectionError {
  return error instanceof ConnectionError && !STAYS.includes(error.detail?.['code']);
}
