import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { askKeeper } from './servers.js';

const PROGRAM = fileURLToPath(new URL('../../bin/belt.js', import.meta.url));

export const DEFAULT_TIMEOUT_MS = 120_000;

/** What can be asked of any run of belt. */
export interface CallOptions {
  /** On top of this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told of all that it wrote to stdout so far, each time there is more. */
  readonly onStdout?: (text: string) => void;
  /** The same of stderr, where progress goes. */
  readonly onStderr?: (text: string) => void;
  /** Milliseconds after which belt is ended and the run counts as failed. */
  readonly timeout?: number;
}

export interface BeltOptions extends CallOptions {
  /** Whether belt runs as a process of its own, even if nothing below asks for it. */
  readonly ownProcess?: boolean;
  /** Kills belt (kill -9) after so many milliseconds, unless it has ended by then. */
  readonly killAfter?: number;
  /** Kills belt (kill -9) as soon as what it wrote to stderr so far matches. */
  readonly killWhen?: RegExp;
  /**
   * As killWhen, but from within: exactly when that line is written, or so many milliseconds later, however late this
   * process would have read it. A run that is over by then ends as it would.
   */
  readonly killAtLine?: { readonly matches: RegExp; readonly afterMs?: number };
  /** Kills belt (kill -9) when this resolves. */
  readonly killOn?: Promise<unknown>;
  /** Sends a signal, such as SIGINT, as soon as what it wrote to stderr so far matches. */
  readonly signalWhen?: { readonly signal: NodeJS.Signals; readonly matches: RegExp };
  /** Sends a signal when the promise resolves; or at each of so many milliseconds after that. */
  readonly signalOn?: {
    readonly signal: NodeJS.Signals;
    readonly when: Promise<unknown>;
    readonly afterMs?: readonly number[];
  };
  /** Told of the process once it runs. */
  readonly onStart?: (pid: number) => void;
}

export interface BeltRun {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** Both streams and how it ended, for messages of failed expectations. */
  readonly text: string;
  /** stdout as JSON; throws with both streams when it is none. */
  json<T = unknown>(): T;
}

let built: Promise<unknown> | undefined;

/** Makes sure, once, that dist is what src says. */
export async function buildBelt(): Promise<void> {
  await (built ??= askKeeper({ ask: 'build' }));
}

/**
 * Runs the built belt in a project folder, as a person would: a process of its own, through bin/belt.js. That takes a
 * quarter of a second of a processor: where only output, exit code and servers matter, callBelt() does.
 * @throws Error when it does not end in time
 */
export async function runBelt(dir: string, args: readonly string[], options: BeltOptions = {}): Promise<BeltRun> {
  await buildBelt();
  const started = performance.now();
  const preload = options.killAtLine === undefined ? [] : ['--import', suicide(options.killAtLine)];
  const child = spawn(process.execPath, [...preload, PROGRAM, ...args], {
    cwd: dir,
    env: { ...ownEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  let stdout = '';
  let stderr = '';
  const done = { timedOut: false, signalled: false };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    options.onStdout?.(stdout);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onStderr?.(stderr);
    if (options.killWhen?.test(stderr) === true) child.kill('SIGKILL');
    if (!done.signalled && options.signalWhen?.matches.test(stderr) === true) {
      done.signalled = true;
      child.kill(options.signalWhen.signal);
    }
  });
  const timers = [
    setTimeout(() => {
      done.timedOut = true;
      child.kill('SIGKILL');
    }, options.timeout ?? DEFAULT_TIMEOUT_MS),
  ];
  const { killOn, signalOn = killOn === undefined ? undefined : { signal: 'SIGKILL' as const, when: killOn } } =
    options;
  void signalOn?.when.then(
    () => {
      for (const ms of signalOn.afterMs ?? [0]) timers.push(setTimeout(() => child.kill(signalOn.signal), ms));
    },
    // Then there was no signal, which the test sees.
    () => undefined,
  );
  if (options.killAfter !== undefined) timers.push(setTimeout(() => child.kill('SIGKILL'), options.killAfter));
  // Not `close`: a program that belt started may outlive a killed belt, and holds its stderr open.
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, ended) => {
      resolve([code, ended]);
    });
    child.on('exit', (code, ended) => {
      if (ended === 'SIGKILL') resolve([code, ended]);
    });
  });
  timers.forEach(clearTimeout);
  const run = beltRun(args, { exitCode, signal, stdout, stderr, durationMs: performance.now() - started });
  if (done.timedOut) throw new Error(`took too long\n${run.text}`);
  return run;
}

/** A run that has ended, with the words and the JSON of it. */
export function beltRun(args: readonly string[], run: Omit<BeltRun, 'text' | 'json'>): BeltRun {
  const { exitCode, signal, stdout, stderr } = run;
  const ending = signal === null ? `exit code ${String(exitCode)}` : `ended by ${signal}`;
  const text = `belt ${args.join(' ')}: ${ending}\nstdout:\n${stdout}\nstderr:\n${stderr}`;
  return { ...run, text, json: () => parse(stdout, text) };
}

/** A module that kills the process it is loaded into when its stderr matches. */
function suicide({ matches, afterMs = 0 }: { matches: RegExp; afterMs?: number }): string {
  const code = `
    const write = process.stderr.write.bind(process.stderr);
    let text = '', armed = true;
    process.stderr.write = (chunk, ...rest) => {
      text += chunk;
      const result = write(chunk, ...rest);
      if (armed && ${String(matches)}.test(text)) {
        armed = false;
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${String(afterMs)}).unref();
      }
      return result;
    };`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function parse<T>(stdout: string, text: string): T {
  try {
    return JSON.parse(stdout) as T;
  } catch (error) {
    throw new Error(`stdout is not JSON\n${text}`, { cause: error });
  }
}

/** This process's environment without what vitest or the person's own PostgreSQL settings would change in belt. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(PG[A-Z]+|FORCE_COLOR|NO_COLOR|NODE_OPTIONS|NODE_ENV|VITEST.*|BELT_.*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
