import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { ALL_SCHEMAS, type DatabaseConfig, type SideConfig } from '../config/schema.js';
import type { Environment } from '../environment.js';
import { ConfigError, RefusedError, type BeltError, type SideName } from '../errors.js';
import { movableSchemas } from '../postgres/catalog/movable-schemas.js';
import { Schemas, schemaWords } from '../postgres/schemas.js';
import type { Session, TimeLimits } from '../postgres/session.js';
import { Side } from './side.js';
import { runPlan, type Plan, type Step, type StepEvents, type StepResult } from './steps.js';

/** What a pair tells while it is at work: of its steps, and of what is worth a line of its own. */
export interface PairEvents extends StepEvents {
  /** Something that the person should know of, and that the work goes on in spite of. */
  warned(text: string): void;
  /** Something that is done. */
  noted(text: string): void;
  /** The checks are passed: from here on nothing is refused, it only takes its time. */
  begun(): void;
}

export interface PairOptions {
  readonly config: DatabaseConfig;
  /** The file the config came from, for what must be written back to it. */
  readonly configPath: string;
  readonly environment: Environment;
  readonly events: PairEvents;
  /** The command at work, for pg_stat_activity. */
  readonly command: string;
  readonly dryRun: boolean;
}

/** One database that moves: its two sides, and the steps done so far by the command at work. */
export class Pair {
  readonly steps: StepResult[] = [];
  readonly #src: Side | null;
  readonly #dst: Side | null;
  readonly #cut = new AbortController();
  #ended: BeltError | undefined;
  /** As the run's, with a signal that aborts at end() too. */
  readonly environment: Environment;
  /** What its sessions are called in pg_stat_activity. */
  readonly applicationName: string;
  #schemas: Promise<Schemas> | undefined;

  constructor(readonly options: PairOptions) {
    const { config, command } = options;
    const signal = AbortSignal.any([options.environment.signal, this.#cut.signal]);
    // Every session listens.
    setMaxListeners(0, signal);
    this.environment = { ...options.environment, signal };
    this.applicationName = applicationName(command, options.environment.pid);
    const session = { applicationName: this.applicationName, signal };
    this.#src = config.src === null ? null : new Side('src', config.src, session);
    this.#dst = config.dst === null ? null : new Side('dst', config.dst, session);
  }

  get config(): DatabaseConfig {
    return this.options.config;
  }

  /** The database's name in the project folder. */
  get db(): string {
    return this.config.db;
  }

  /**
   * The schemas that move. "*" in the config is looked up once, on the source, or on the destination of a config without
   * source.
   * @throws RefusedError when "*" finds none; ConnectionError
   */
  schemas(): Promise<Schemas> {
    this.#schemas ??= this.#findSchemas().catch((error: unknown) => {
      // The next one that asks may have more luck.
      this.#schemas = undefined;
      throw error;
    });
    return this.#schemas;
  }

  /**
   * The same for work on one side that must do without the other one: "*" is looked up on that side.
   * @throws RefusedError when "*" finds none; ConnectionError
   */
  async schemasOn(name: SideName): Promise<Schemas> {
    return this.config.schema_name === ALL_SCHEMAS ? allSchemas(this[name]) : this.schemas();
  }

  /** Says what "*" stands for, where a file of an earlier dump knows it. */
  takeSchemas(names: readonly string[]): void {
    this.#schemas = Promise.resolve(new Schemas(names, this.config.schema_name === ALL_SCHEMAS || names.length > 1));
  }

  /** The schemas that move, in words that need no server: `schema "shop"`, `all schemas`. */
  get schemaWords(): string {
    const { schema_name: selection } = this.config;
    return selection === ALL_SCHEMAS ? 'all schemas' : schemaWords([selection].flat());
  }

  async #findSchemas(): Promise<Schemas> {
    const { schema_name: selection } = this.config;
    return selection === ALL_SCHEMAS ? allSchemas(this.#src ?? this.dst) : new Schemas([selection].flat());
  }

  get hasSrc(): boolean {
    return this.#src !== null;
  }

  /** @throws ConfigError when the config lacks that side */
  require(side: SideName): void {
    requireSide(this.config, this.options.configPath, side);
  }

  get hasDst(): boolean {
    return this.#dst !== null;
  }

  /** @throws ConfigError when the config has no source */
  get src(): Side {
    return this.#src ?? missingSide(this.config, this.options.configPath, 'src');
  }

  /** @throws ConfigError when the config has no destination */
  get dst(): Side {
    return this.#dst ?? missingSide(this.config, this.options.configPath, 'dst');
  }

  /** Both root sessions, opened at the same time. */
  async roots(): Promise<{ src: Session; dst: Session }> {
    const [src, dst] = await Promise.all([this.src.root(), this.dst.root()]);
    return { src, dst };
  }

  /** Opens `count` further root connections a side for `work`, which are treated as Side.withSessions() does. */
  withSessions<T>(
    count: number,
    work: (sessions: { readonly src: readonly Session[]; readonly dst: readonly Session[] }) => Promise<T>,
    limits: TimeLimits = {},
  ): Promise<T> {
    return this.src.withSessions(
      count,
      'root',
      (src) => this.dst.withSessions(count, 'root', (dst) => work({ src, dst }), limits),
      limits,
    );
  }

  /** Runs steps; what became of them is kept in `steps`. @throws the error of the step that failed */
  run(plan: Plan): Promise<void> {
    return runPlan(plan, {
      events: this.options.events,
      results: this.steps,
      dryRun: this.options.dryRun,
      signal: this.environment.signal,
    });
  }

  /** Runs one step that only looks, with --dry-run too, and gives what `work` gave. */
  async step<T>(step: Omit<Step, 'run' | 'done'>, work: (progress: (text: string) => void) => Promise<T>): Promise<T> {
    let result: { value: T } | undefined;
    await this.run([
      {
        ...step,
        readOnly: true,
        run: async (progress) => {
          result = { value: await work(progress) };
          return undefined;
        },
      },
    ]);
    if (result === undefined) throw new Error(`step ${step.name} gave no result`);
    return result.value;
  }

  /** Why end() was called; undefined as long as it was not. */
  get ended(): BeltError | undefined {
    return this.#ended;
  }

  /** Ends what is at work on this pair, as Ctrl-C would, but for this reason; other pairs go on. */
  end(reason: BeltError): void {
    this.#ended ??= reason;
    this.#cut.abort();
  }

  /** Tells of something that the person should know of, and that the work goes on in spite of. */
  warn(text: string): void {
    this.options.events.warned(text);
  }

  /** Tells that the checks are passed, and that it only takes its time from here on. */
  begin(): void {
    this.options.events.begun();
  }

  /** Tells of something that is done. */
  note(text: string): void {
    this.options.events.noted(text);
  }

  /** Gives up all connections, so that the next use opens new ones: after the servers were gone for a while. */
  async reopen(): Promise<void> {
    await this.disconnect();
    await Promise.all([this.#src?.endLost(), this.#dst?.endLost()]);
  }

  /** Closes the connections that are kept; the next use opens new ones. */
  async disconnect(): Promise<void> {
    await Promise.all([this.#src?.close(), this.#dst?.close()]);
  }

  /**
   * Closes all connections for good. Where one part of the work failed, another that went on beside it may still be using
   * one, or be about to connect: those are cut.
   */
  async close(): Promise<void> {
    await this.disconnect();
    this.#cut.abort();
  }
}

/**
 * The side of a config.
 * @param path the file of the config
 * @throws ConfigError when the config lacks that side
 */
export function requireSide(config: DatabaseConfig, path: string, side: SideName): SideConfig {
  return config[side] ?? missingSide(config, path, side);
}

async function allSchemas(side: Side): Promise<Schemas> {
  const names = await movableSchemas(await side.root());
  // With their schemas however many there are now: else what objects are called would change from run to run.
  if (names.length > 0) return new Schemas(names, true);
  throw new RefusedError(`the ${side.toString()} has no schema but the system's`, {
    hint: 'Check "db" of the config.',
    detail: { side: side.name },
  });
}

function missingSide({ db }: DatabaseConfig, path: string, side: SideName): never {
  throw new ConfigError(`${path}: "${side}" is null, but this command needs it`, {
    hint: `Fill in "${side}" in the config.`,
    detail: { side, db },
  });
}

/** PostgreSQL cuts names that are longer. */
const LONGEST_NAME = 63;

/** Who is at work, for pg_stat_activity: the command, and the process by which it can be ended. */
function applicationName(command: string, pid: number): string {
  const begin = `belt ${command} (pid ${String(pid)} on `;
  const host = hostname().replaceAll(/[^\w.-]/g, '_');
  return `${begin}${host.slice(0, LONGEST_NAME - begin.length - 1)})`;
}
