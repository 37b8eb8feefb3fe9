import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 10;
/** A process that has just begun is looked at each time: it may be a copy of its parent still. */
const YOUNG_MS = 1_000;
/** Older ones are looked at so often. */
const AGAIN_MS = 1_000;

/**
 * Watches the arguments of all processes of this machine, as `ps` shows them, until stop(). Only Linux tells; elsewhere
 * nothing is seen.
 */
export class ArgumentWatch {
  /** Command lines in which a secret stood. */
  readonly found = new Set<string>();
  /** How many different command lines were looked at. */
  readonly seen = new Set<string>();
  /** When each process was seen first, on performance.now()'s clock. */
  readonly #since = new Map<string, number>();
  #stopped = false;
  readonly #watching: Promise<void>;

  constructor(private readonly secrets: readonly string[]) {
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    let all = -Infinity;
    while (!this.#stopped) {
      const now = performance.now();
      const again = now - all > AGAIN_MS;
      if (again) all = now;
      const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
      const there = new Set(pids);
      // A number that is free is given out again.
      for (const pid of this.#since.keys()) if (!there.has(pid)) this.#since.delete(pid);
      for (const pid of pids) if (!this.#since.has(pid)) this.#since.set(pid, now);
      const due = pids.filter((pid) => again || now - (this.#since.get(pid) ?? now) < YOUNG_MS);
      await Promise.all(due.map((pid) => this.#look(pid)));
      await pause(PAUSE_MS);
    }
  }

  async #look(pid: string): Promise<void> {
    // A process may have ended since.
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line === '' || this.seen.has(line)) return;
    this.seen.add(line);
    if (this.secrets.some((secret) => line.includes(secret))) this.found.add(line.replaceAll('\0', ' '));
  }
}
