import { main } from './main.js';
import type { Output } from './output.js';

/** The only file that touches the process: arguments, streams, signals, exit code. */

const EXIT_INTERRUPTED = 130;

/** One Ctrl-C may come twice: to belt, and to the whole process group, as `timeout` and npm deliver it. */
const SAME_SIGNAL_MS = 500;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const BACKGROUND_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Whether another run has started this one, to leave it running. */
const inBackground = process.env['BELT_BACKGROUND_LOG'] !== undefined && process.send !== undefined;

/** Tells the run that started this one, as long as it listens. */
function tellStarter(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function listenForSignals(): AbortSignal {
  const abort = new AbortController();
  let first: number | undefined;
  // A run in the background outlives the terminal that it was started from.
  if (inBackground) process.on('SIGHUP', () => undefined);
  for (const signal of inBackground ? BACKGROUND_SIGNALS : SIGNALS) {
    process.on(signal, () => {
      const now = performance.now();
      if (first === undefined) {
        first = now;
        abort.abort();
        // A later one means it: whoever presses Ctrl-C again does not want to wait.
      } else if (now - first > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
    });
  }
  return abort.signal;
}

/** Whoever reads the output may have gone (`belt status | head`): that is no error. */
function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

function outputTo(stream: NodeJS.WriteStream): Output {
  return { write: (text) => stream.write(text), terminal: stream.isTTY ? stream : null };
}

endQuietlyOnBrokenPipe();
process.exitCode = await main(process.argv.slice(2), {
  environment: { cwd: process.cwd(), variables: process.env, pid: process.pid, signal: listenForSignals() },
  node: process.execPath,
  tellStarter: inBackground ? tellStarter : null,
  stdin: process.stdin.isTTY ? process.stdin : null,
  stdout: outputTo(process.stdout),
  stderr: outputTo(process.stderr),
});
