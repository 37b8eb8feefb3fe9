import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface BackgroundStart {
  /** The program file, and what stands behind it. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file that takes all that it prints. */
  readonly log: string;
  /** Told of what the program sends, as long as it is listened to. */
  readonly heard: (message: unknown) => void;
}

/** A program that runs in a session of its own, whatever becomes of the terminal that it was started from. */
export interface BackgroundRun {
  readonly pid: number;
  /** Ends with it. */
  readonly ended: Promise<void>;
  /** Asks it to end. */
  stop(): void;
  /** Stops listening: from now on this process may end without it. */
  leave(): void;
}

/** @throws Error when the log cannot be written, or the program not be started */
export function startInBackground({ command: [file, ...args], cwd, env, log, heard }: BackgroundStart): BackgroundRun {
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(file, args, { cwd, env: { ...env }, detached: true, stdio: ['ignore', output, output, 'ipc'] });
    child.on('message', heard);
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => {
        resolve();
      });
    });
    return {
      pid: child.pid ?? 0,
      ended,
      stop: () => void child.kill('SIGTERM'),
      leave: () => {
        if (child.connected) child.disconnect();
        child.unref();
      },
    };
  } finally {
    closeSync(output);
  }
}
