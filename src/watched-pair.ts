import type { CommandModule, Follower } from './commands/define.js';
import type { Environment } from './environment.js';
import { ConnectionError, errorToJson } from './errors.js';
import type { Pair, PairEvents } from './pair/pair.js';
import { readPair } from './read-pair.js';
import { redactDeep, type Redactor } from './redact.js';
import type { Row } from './results/envelope.js';
import type { WatchRequest } from './watcher.js';

/** A server that does not answer for so long is cut off: connecting takes at most 8 seconds, a look far less. */
const LOOK_LIMIT_MS = 20_000;

/** Commands that are watched have no steps worth showing. */
const SILENT: PairEvents = {
  stepStarted: () => undefined,
  stepProgress: () => undefined,
  stepEnded: () => undefined,
  warned: () => undefined,
  noted: () => undefined,
  begun: () => undefined,
};

interface Opened {
  readonly pair: Pair;
  readonly redact: Redactor;
  /** Cuts its connections. */
  readonly cut: AbortController;
}

/** One database that is looked at again and again. Its connections are kept, and made anew after a failure. */
export class WatchedPair {
  #opened: Opened | undefined;
  readonly #warned = new Set<string>();

  constructor(
    private readonly request: WatchRequest,
    private readonly db: string,
    private readonly module: CommandModule<unknown, object>,
    private readonly follower: Follower<object>,
    private readonly environment: Environment,
    private readonly warn: (text: string) => void,
  ) {}

  /** Looks once. Never throws: a failure is in the row. @returns undefined when the signal has aborted meanwhile */
  async look(): Promise<Row<object> | undefined> {
    const { db, environment } = this;
    let row: Row<object>;
    try {
      this.#opened ??= await this.#open();
      const { pair, redact } = this.#opened;
      const { fields, error } = await this.#limited(this.#opened);
      row = redactDeep(
        {
          db,
          success: error === undefined,
          error: error === undefined ? null : errorToJson(error),
          steps: [...pair.steps],
          ...this.follower(fields, performance.now()),
        },
        redact,
      );
      // Else they would grow from look to look.
      pair.steps.length = 0;
    } catch (error) {
      const redact = this.#opened?.redact ?? ((text: string) => text);
      row = redactDeep({ db, success: false, error: errorToJson(error), steps: [] }, redact);
      await this.close();
    }
    return environment.signal.aborted ? undefined : row;
  }

  /** Closes the connections; the next look opens new ones. Never throws. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.pair.close();
  }

  /** Reads the config as well: it may have been mended. */
  async #open(): Promise<Opened> {
    const { spec, dc } = this.request;
    const cut = new AbortController();
    const environment = { ...this.environment, signal: AbortSignal.any([this.environment.signal, cut.signal]) };
    const read = await readPair(spec, dc, this.db, environment);
    for (const warning of read.warnings) {
      if (!this.#warned.has(warning)) this.warn(warning);
      this.#warned.add(warning);
    }
    return { pair: read.make({ dryRun: false, events: SILENT }), redact: read.redact, cut };
  }

  async #limited({ pair, cut }: Opened) {
    const timer = setTimeout(() => {
      cut.abort();
    }, LOOK_LIMIT_MS);
    try {
      return await this.module.run(pair, this.request.options);
    } catch (error) {
      if (!cut.signal.aborted) throw error;
      throw new ConnectionError(`no answer from the servers of "${this.db}" in ${String(LOOK_LIMIT_MS / 1000)} s`, {
        hint: 'Check the network and the servers. belt tries again.',
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
