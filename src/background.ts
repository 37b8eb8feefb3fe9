import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { resolveTargets } from './config/discover.js';
import type { Environment } from './environment.js';
import { BeltError, errorToJson, InterruptedError } from './errors.js';
import { makeEnvelope } from './make-envelope.js';
import { packageFile } from './package-file.js';
import { startInBackground } from './process/background.js';
import type { PairCall } from './program.js';
import type { Progress } from './render/progress.js';
import type { Envelope, Row } from './results/envelope.js';

/** What a run in the background tells the one that started it, until that one leaves. */
export type BackgroundMessage =
  | { readonly kind: 'progress'; readonly event: keyof Progress; readonly args: readonly unknown[] }
  | { readonly kind: 'settled'; readonly row: Row<object> };

/** What each run tells by itself. */
const OWN: readonly (keyof Progress)[] = ['interrupted', 'end'];

/** Tells a run that it is in the background: the file that takes its output. */
const BACKGROUND_LOG = 'BELT_BACKGROUND_LOG';

export interface DetachRequest {
  readonly command: string;
  readonly call: PairCall;
  /** What was typed after `belt`. */
  readonly args: readonly string[];
  /** The path of Node.js. */
  readonly node: string;
}

/**
 * Starts the same command in the background, and waits until every database that is at work there has passed its checks;
 * or has ended before, as in the foreground.
 * @returns the rows of those that have ended, and for the others where they run
 * @throws ConfigError when the project folder, datacenter or database is not there; BeltError when it could not be started
 */
export async function detach(
  { command, call, args, node }: DetachRequest,
  environment: Environment,
  progress: Progress,
  note: (line: string) => void,
): Promise<Envelope<object>> {
  const { dc, db, concurrency } = call;
  const started = new Date();
  const names = await resolveTargets(environment.cwd, dc, db);
  const log = logPath(environment.cwd, dc, db, command, started);
  const ended = new Map<string, Row<object>>();
  const begun = new Set<string>();
  let leave: () => void = () => undefined;
  const mayLeave = new Promise<void>((resolve) => (leave = resolve));
  const run = startInBackground({
    command: [node, packageFile('bin/belt.js'), ...args.filter((word) => word !== '--detach')],
    cwd: environment.cwd,
    env: { ...environment.variables, [BACKGROUND_LOG]: log },
    log: join(environment.cwd, log),
    heard: (heard) => {
      const message = heard as BackgroundMessage;
      if (message.kind === 'settled') ended.set(message.row.db, message.row);
      else {
        if (message.event === 'begun') begun.add(String(message.args[0]));
        if (!OWN.includes(message.event))
          (progress[message.event] as (...all: readonly unknown[]) => void)(...message.args);
      }
      const atWork = [...begun].filter((name) => !ended.has(name)).length;
      // The others wait for their turn.
      if (atWork > 0 && atWork >= Math.min(concurrency, names.length - ended.size)) leave();
    },
  });
  const stop = (): void => {
    run.stop();
  };
  environment.signal.addEventListener('abort', stop);
  const over = run.ended.then(() => true);
  const isOver = await Promise.race([over, mayLeave.then(() => false)]);
  environment.signal.removeEventListener('abort', stop);
  run.leave();
  await progress.end();
  if (isOver && ended.size < names.length && !environment.signal.aborted) {
    throw new BeltError('the run in the background has ended before it began', { hint: `See why in ${log}.` });
  }
  const background = { host: hostname(), pid: run.pid, log };
  if (!isOver) {
    const target = db === undefined ? dc : `${dc} ${db}`;
    note(
      `In the background: pid ${String(run.pid)}, what it says stands in ${log}\n` +
        `  belt status ${target}   how far it is;   belt ${command} ${target} --attach   looks on;   --cancel   ends it`,
    );
  }
  const results = names.map(
    (name) =>
      ended.get(name) ?? { db: name, success: !isOver, error: null, steps: [], detail: { in_background: background } },
  );
  const error = environment.signal.aborted ? errorToJson(new InterruptedError('interrupted')) : null;
  return makeEnvelope({ command, dc, db, started }, results, error);
}

/** Where its output goes, seen from the project folder: beside the logs of the runs. */
function logPath(cwd: string, dc: string, db: string | undefined, command: string, started: Date): string {
  const folder = join('logs', dc, db ?? '');
  mkdirSync(join(cwd, folder), { recursive: true });
  const time = started.toISOString().replaceAll(/[-:]/g, '').replace('.', '');
  return join(folder, `${time}-${command}-background.log`);
}

/** Progress that is told to the run which started this one, too. */
export function tellStarter(progress: Progress, send: (message: BackgroundMessage) => void): Progress {
  const told = Object.entries(progress).map(([event, tell]) => [
    event,
    (...args: readonly unknown[]): unknown => {
      send({ kind: 'progress', event: event as keyof Progress, args });
      return (tell as (...all: readonly unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(told) as Progress;
}
