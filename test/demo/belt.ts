import { spawn, type ChildProcess } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { say } from './narrator.js';

const PROGRAM = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));

const PATIENCE_MS = 5000;

/** The demo cannot go on; the message says why. */
export class DemoError extends Error {}

/** Runs the built belt, in the folder in which the person would type it. */
export class Belt {
  #running: ChildProcess | undefined;

  constructor(
    /** The folder that belt runs in. */
    public folder: string,
    private readonly signal: AbortSignal,
  ) {
    // Ctrl-C reaches belt by itself, and a second signal would keep it from tidying up.
    signal.addEventListener('abort', () => setTimeout(() => this.#running?.kill('SIGTERM'), PATIENCE_MS).unref(), {
      once: true,
    });
  }

  /**
   * Shows a command as typed and runs it; its output goes straight to the person.
   * @returns how long it took, in milliseconds
   * @throws DemoError when it fails
   */
  async type(...args: readonly string[]): Promise<number> {
    this.#stopIfAborted();
    say.command(`belt ${args.join(' ')}`);
    const started = performance.now();
    await this.#run(args, 'shown');
    return performance.now() - started;
  }

  /** Runs a command quietly with --json, and gives its result. */
  async ask<T>(...args: readonly string[]): Promise<T> {
    this.#stopIfAborted();
    return JSON.parse(await this.#run([...args, '--json'], 'kept')) as T;
  }

  /** Runs a command whatever has happened before, even after Ctrl-C. */
  async always(...args: readonly string[]): Promise<void> {
    await this.#run(args, 'shown');
  }

  #stopIfAborted(): void {
    if (this.signal.aborted) throw new DemoError('interrupted');
  }

  async #run(args: readonly string[], output: 'shown' | 'kept'): Promise<string> {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: this.folder,
      stdio: output === 'shown' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    this.#running = child;
    let text = '';
    let words = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (words += chunk));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const ending = await new Promise<string | undefined>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        resolve(code === 0 ? undefined : signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
      });
    });
    this.#running = undefined;
    if (ending !== undefined)
      throw new DemoError(`belt ${args.join(' ')} ended with ${ending}${words && `\n${words}`}`);
    return text;
  }
}
