import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { main } from '../../src/main.js';
import { beltRun, buildBelt, DEFAULT_TIMEOUT_MS, ownEnvironment } from './belt.js';
import type { BeltOptions, BeltRun, CallOptions } from './belt.js';

/** The built belt, as bin/belt.js loads it: what is tested is what is shipped, and it loads faster than its sources. */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** How long a connection that belt gave up without waiting for it may take to be gone. */
const LEFT_OPEN_MS = 5_000;

/** The process ids that belt is given: two at work must not have the same, and none may be that of a process. */
let lastPid = 10_000_000;

let loaded: Promise<{ main: typeof main }> | undefined;

/** The connections that each run makes. */
const connections = new AsyncLocalStorage<Set<Socket>>();

function load(): Promise<{ main: typeof main }> {
  return (loaded ??= (async () => {
    await buildBelt();
    // The driver would read them, whatever environment belt is given.
    for (const name of Object.keys(process.env)) if (/^PG[A-Z]+$/.test(name)) Reflect.deleteProperty(process.env, name);
    watchConnections();
    return (await import(MAIN)) as { main: typeof main };
  })());
}

function watchConnections(): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its `this` below
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    connections.getStore()?.add(this);
    return Reflect.apply(connect, this, args) as Socket;
  };
}

/** Whether a run can be had from callBelt(): nothing that is done to a process, and no variable that Node.js reads. */
export function canCall(options: BeltOptions): boolean {
  const { killAfter, killWhen, killAtLine, killOn, signalWhen, signalOn, ownProcess = false, env = {} } = options;
  if (ownProcess || Object.keys(env).some((name) => /^(PG[A-Z]+|NODE_.*|TZ|LC_.*|LANG)$/.test(name))) return false;
  return [killAfter, killWhen, killAtLine, killOn, signalWhen, signalOn].every((one) => one === undefined);
}

/**
 * Runs the built belt in this process: as runBelt(), for what needs no process of its own, in a tenth of the time.
 * @throws Error when it does not end in time, or leaves a connection open, which would keep a process from ending
 */
export async function callBelt(dir: string, args: readonly string[], options: CallOptions = {}): Promise<BeltRun> {
  const belt = await load();
  const started = performance.now();
  let stdout = '';
  let stderr = '';
  const abort = new AbortController();
  const sockets = new Set<Socket>();
  const running = connections.run(sockets, () =>
    belt.main(args, {
      environment: {
        cwd: dir,
        variables: { ...ownEnvironment(), ...options.env },
        pid: ++lastPid,
        signal: abort.signal,
      },
      stdin: null,
      node: process.execPath,
      tellStarter: null,
      stdout: {
        write: (text) => {
          stdout += text;
          options.onStdout?.(stdout);
        },
        terminal: null,
      },
      stderr: {
        write: (text) => {
          stderr += text;
          options.onStderr?.(stderr);
        },
        terminal: null,
      },
    }),
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, options.timeout ?? DEFAULT_TIMEOUT_MS, null);
  });
  const exitCode = await Promise.race([running, late]).finally(() => {
    clearTimeout(timer);
  });
  const run = beltRun(args, { exitCode, signal: null, stdout, stderr, durationMs: performance.now() - started });
  if (exitCode === null) {
    abort.abort();
    running.catch(() => undefined);
    throw new Error(`took too long\n${run.text}`);
  }
  await gone(sockets, run);
  return run;
}

async function gone(sockets: ReadonlySet<Socket>, { text }: BeltRun): Promise<void> {
  const deadline = performance.now() + LEFT_OPEN_MS;
  while ([...sockets].some(({ destroyed }) => !destroyed)) {
    if (performance.now() > deadline) throw new Error(`a connection was left open\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
