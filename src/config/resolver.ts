import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { InterruptedError } from '../errors.js';
import { packageFile } from '../package-file.js';
import { errorCode } from './read.js';
import type { ThreadAnswer, ThreadTask } from './resolver-thread.js';

/** How long a resolver may take. */
const DEADLINE_MS = 60_000;
/** How long it may take to end by itself once its signal has aborted, before its thread is ended. */
const GRACE_MS = 500;

/** What came of running a resolver. */
export type ResolverOutcome =
  | ThreadAnswer
  | { readonly kind: 'not-found'; readonly path: string | undefined; readonly reason: string }
  /** The thread ended, or something in it threw, before there was an answer. */
  | { readonly kind: 'ended'; readonly reason: string }
  | { readonly kind: 'late'; readonly seconds: number };

export interface ResolverRun extends Omit<ThreadTask, 'url'> {
  /** The module as the file names it: a path (`./`, `../` or `/` in front), from the project folder, or a package. */
  readonly module: string;
  /** The project folder. */
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Aborts when belt is interrupted. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; a minute when left out. */
  readonly deadline?: number;
}

/**
 * Runs a resolver in a thread of its own, so that it can neither print into belt's output, nor end belt, nor keep it
 * from ending: what it does not do within a minute it never does.
 * @throws InterruptedError when the signal aborts; nothing for what goes wrong with the resolver
 */
export async function runResolver(run: ResolverRun): Promise<ResolverOutcome> {
  const { module, cwd, variables, signal, deadline = DEADLINE_MS, ...request } = run;
  const found = await findModule(cwd, module);
  if ('kind' in found) return found;
  const task: ThreadTask = { ...request, url: found.url };
  const thread = new Worker(packageFile('dist/config/resolver-thread.js'), {
    workerData: task,
    env: { ...variables },
    stdout: true,
    stderr: true,
  });
  // Dropped: it may hold secrets, and belt's stdout is its result alone.
  thread.stdout.resume();
  thread.stderr.resume();
  const timers: NodeJS.Timeout[] = [];
  let interrupted = (): void => undefined;
  try {
    return await new Promise<ResolverOutcome>((settle, reject) => {
      interrupted = () => {
        reject(new InterruptedError('interrupted while a resolver was at work'));
      };
      if (signal?.aborted === true) interrupted();
      signal?.addEventListener('abort', interrupted);
      const late = { kind: 'late', seconds: deadline / 1000 } as const;
      let overdue = false;
      thread.on('message', (answer: ThreadAnswer) => {
        settle(overdue && answer.kind !== 'resolved' ? late : answer);
      });
      thread.on('error', (error) => {
        settle({ kind: 'ended', reason: `something that it had begun failed: ${String(error)}` });
      });
      thread.on('exit', () => {
        settle({ kind: 'ended', reason: 'it ended its thread, or awaits something that can never come' });
      });
      timers.push(
        setTimeout(() => {
          overdue = true;
          thread.postMessage('abort');
        }, deadline),
        setTimeout(() => {
          settle(late);
        }, deadline + GRACE_MS),
      );
    });
  } finally {
    timers.forEach(clearTimeout);
    signal?.removeEventListener('abort', interrupted);
    await thread.terminate();
  }
}

/** The URL of a module. */
async function findModule(cwd: string, module: string): Promise<{ url: string } | ResolverOutcome> {
  if (/^\.{0,2}\//.test(module)) {
    const path = resolve(cwd, module);
    const kind = await stat(path).then(
      (found) => (found.isFile() ? 'file' : 'it is not a file'),
      (error: unknown) => (errorCode(error) === 'ENOENT' ? 'there is no such file' : String(error)),
    );
    return kind === 'file' ? { url: pathToFileURL(path).href } : { kind: 'not-found', path, reason: kind };
  }
  try {
    return { url: pathToFileURL(createRequire(join(cwd, 'package.json')).resolve(module)).href };
  } catch (error) {
    const hidden = errorCode(error) === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
    const reason = hidden
      ? 'the package has no "default" in the "exports" of its package.json'
      : `no such package is installed in the project folder (a path begins with "./")`;
    return { kind: 'not-found', path: undefined, reason };
  }
}
