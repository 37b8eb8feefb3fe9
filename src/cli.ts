import { main } from './main.js';
import type { Output } from './output.js';

/** The only file that touches the process: arguments, streams, signals, exit code. */

const EXIT_INTERRUPTED = 130;

/** One Ctrl-C may come twice: to belt, and to the whole process group, as `timeout` and npm deliver it. */
const SAME_SIGNAL_MS = 500;

function listenForSignals(): AbortSignal {
  const abort = new AbortController();
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
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
  stdin: process.stdin.isTTY ? process.stdin : null,
  stdout: outputTo(process.stdout),
  stderr: outputTo(process.stderr),
});
