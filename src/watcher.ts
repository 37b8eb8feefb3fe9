import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import { resolveTargets } from './config/discover.js';
import type { PairCommandSpec, WatchSpec } from './commands/define.js';
import type { Environment } from './environment.js';
import type { Log } from './log.js';
import { openLog } from './log.js';
import { makeEnvelope } from './make-envelope.js';
import type { Envelope, Row } from './results/envelope.js';
import { WatchedPair } from './watched-pair.js';

/** Where what is watched is shown. */
export interface WatchSink {
  warn(db: string, text: string): void;
  /**
   * A look at one database has ended.
   * @param all every database looked at so far, by name
   * @param one this look alone, as the command gives it when it is not watched
   * @param news what is new about the database, a line each; may be none
   */
  looked(all: Envelope<object>, one: Envelope<object>, news: readonly string[]): void;
}

export interface WatchRequest {
  readonly spec: PairCommandSpec;
  readonly watch: WatchSpec<unknown, object>;
  readonly dc: string;
  /** Every database of the datacenter when left out. */
  readonly db: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  /** How many databases are connected to at once, at the beginning; later each is looked at by itself. */
  readonly concurrency: number;
  /** Between two looks at a database. */
  readonly seconds: number;
}

/**
 * Runs a command that only looks again and again, until the signal aborts. A database that fails is shown with its error
 * and tried again at the next look.
 * @returns the last looks; ends by itself only when no database has a config that can be used
 * @throws ConfigError when the project folder, datacenter or database is not there
 */
export async function watchCommand(
  request: WatchRequest,
  environment: Environment,
  sink: WatchSink,
): Promise<Envelope<object>> {
  const { spec, watch, dc, db } = request;
  const names = await resolveTargets(environment.cwd, dc, db);
  const [module, { follow }, { news }] = await Promise.all([spec.load(), watch.follow(), watch.view()]);
  const rows = new Map<string, Row<object>>();
  const envelope = (started: Date, results: Row<object>[]): Envelope<object> =>
    makeEnvelope({ command: spec.name, dc, db, started }, results);
  const all = (started: Date): Envelope<object> =>
    envelope(
      started,
      names.flatMap((name) => rows.get(name) ?? []),
    );

  const started = new Date();
  const hopeless = new AbortController();
  const signal = AbortSignal.any([environment.signal, hopeless.signal]);
  const watchOne = async (name: string): Promise<{ loop: Promise<void> }> => {
    const log = await openLog(environment.cwd, dc, name, spec.name);
    const pair = new WatchedPair(request, name, module, follow(), environment, (text) => {
      log.write(`warning: ${text}`);
      sink.warn(name, text);
    });
    /** What was told of last: small changes add up until they are worth a line. */
    let told: Row<object> | undefined;
    const look = async (): Promise<void> => {
      const at = new Date();
      const row = await pair.look();
      if (row === undefined) return;
      rows.set(name, row);
      const lines = news(told, row);
      if (lines.length > 0) told = row;
      for (const line of lines) log.write(line);
      sink.looked(all(started), envelope(at, [row]), lines);
    };
    await look();
    return { loop: repeat(look, request.seconds * 1000, signal).then(() => end(pair, log)) };
  };
  const loops: Promise<void>[] = [];
  await pMap(
    names,
    async (name) => {
      // Not waited for in here: the others are to be connected to.
      const { loop } = await watchOne(name);
      loops.push(loop);
    },
    { concurrency: request.concurrency },
  );
  if ([...rows.values()].every(({ error }) => error?.error_type === 'ConfigError')) hopeless.abort();
  await Promise.all(loops);
  return all(started);
}

async function repeat(look: () => Promise<void>, pauseMs: number, signal: AbortSignal): Promise<void> {
  const slept = (): Promise<boolean> =>
    sleep(pauseMs, undefined, { signal }).then(
      () => true,
      () => false,
    );
  while (await slept()) await look();
}

async function end(pair: WatchedPair, log: Log): Promise<void> {
  await pair.close();
  log.write('ended');
  await log.close();
}
