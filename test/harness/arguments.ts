import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 10;

/**
 * Watches the arguments of all processes of this machine, as `ps` shows them, until stop(). Only Linux tells; elsewhere
 * nothing is seen.
 */
export class ArgumentWatch {
  /** Command lines in which a secret stood. */
  readonly found = new Set<string>();
  /** How many different command lines were looked at. */
  readonly seen = new Set<string>();
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
    while (!this.#stopped) {
      const names = await readdir('/proc').catch(() => []);
      await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((pid) => this.#look(pid)));
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
