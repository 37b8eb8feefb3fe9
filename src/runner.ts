import pMap from 'p-map';
import { resolveTargets } from './config/discover.js';
import type { CommandModule, OptionSpecs, OptionsOf, PairCommandSpec } from './commands/define.js';
import type { Environment } from './environment.js';
import { errorToJson, InterruptedError } from './errors.js';
import { openLog, type Log } from './log.js';
import { makeEnvelope } from './make-envelope.js';
import type { Pair } from './pair/pair.js';
import { lockPair } from './pair/lock.js';
import type { StepProgress } from './pair/steps.js';
import { readPair } from './read-pair.js';
import { firstLine } from './printable.js';
import { redactDeep, type Redactor } from './redact.js';
import type { Progress } from './render/progress.js';
import type { Envelope, Row } from './results/envelope.js';

export interface RunRequest {
  readonly spec: PairCommandSpec;
  readonly dc: string;
  /** Every database of the datacenter when left out. */
  readonly db: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly concurrency: number;
  readonly dryRun: boolean;
  /** Told of each database's row as it comes. */
  readonly settled?: (row: Row<object>) => void;
}

/**
 * Runs a command for one database or for all of a datacenter, each settling by itself.
 * @returns what goes to stdout; never throws for what goes wrong within one database
 * @throws ConfigError when the project folder, datacenter or database is not there
 */
export async function runCommand(
  request: RunRequest,
  environment: Environment,
  progress: Progress,
): Promise<Envelope<object>> {
  const { spec, dc, db } = request;
  const started = new Date();
  const names = await resolveTargets(environment.cwd, dc, db);
  const module = await spec.load();
  progress.begin(names);
  const results = await pMap(
    names,
    async (name) => {
      const row = await runOne(request, name, module, environment, progress);
      request.settled?.(row);
      return row;
    },
    {
      concurrency: request.concurrency,
    },
  );
  await progress.end();
  // Failures last, where the eye is when the command ends; by name within.
  results.sort((a, b) => Number(b.success) - Number(a.success) || a.db.localeCompare(b.db, 'en', { numeric: true }));
  const interrupted = environment.signal.aborted && !looksOn(request);
  return makeEnvelope(
    { command: spec.name, dc, db, started },
    results,
    interrupted ? errorToJson(new InterruptedError('interrupted')) : null,
  );
}

async function runOne(
  request: RunRequest,
  name: string,
  module: CommandModule<unknown, object>,
  environment: Environment,
  progress: Progress,
): Promise<Row<object>> {
  const { spec, dc } = request;
  const log = await openLog(environment.cwd, dc, name, spec.name);
  progress.dbStarted(name);
  let pair: Pair | undefined;
  let redact: Redactor = (text) => text;
  let row: Row<object>;
  try {
    const opened = await readPair(spec, dc, name, environment);
    redact = opened.redact;
    for (const warning of opened.warnings) {
      progress.warn(name, warning);
      log.write(`warning: ${warning}`);
    }
    pair = opened.make({ dryRun: request.dryRun, events: stepEvents(name, progress, log, redact) });
    if (changesServers(request)) {
      await lockPair(pair, spec.needs, spec.forceWithOneSide === true && request.options['force'] === true);
    }
    const { fields, error } = await module.run(pair, request.options);
    row = {
      db: name,
      success: error === undefined,
      error: error === undefined ? null : errorToJson(error),
      steps: pair.steps,
      ...fields,
    };
  } catch (error) {
    row = { db: name, success: false, error: errorToJson(error), steps: pair?.steps ?? [] };
    if (error instanceof Error && error.stack !== undefined && row.error?.error_type === 'InternalError')
      log.write(redact(error.stack));
  } finally {
    await pair?.close();
  }
  row = redactDeep(row, redact);
  if (row.error !== null) log.write(`error: ${row.error.message}`);
  log.write(row.success ? 'done' : 'failed');
  await log.close();
  progress.dbEnded(name, row.error === null ? null : firstLine(row.error.message));
  return row;
}

function stepEvents(db: string, progress: Progress, log: Log, redact: Redactor) {
  return {
    stepStarted: (step: { name: string; title: string }) => {
      progress.stepStarted(db, step.title);
      log.write(`${step.name}: ${step.title}`);
    },
    stepProgress: (step: { title: string }, what: StepProgress) => {
      progress.stepProgress(db, step.title, redactDeep(what, redact));
    },
    warned: (text: string) => {
      progress.warn(db, redact(text));
      log.write(`warning: ${redact(text)}`);
    },
    begun: () => {
      progress.begun(db);
    },
    noted: (text: string) => {
      progress.note(db, redact(text));
      log.write(redact(text));
    },
    stepEnded: (step: { name: string; title: string }, result: Row<object>['steps'][number]) => {
      const message = result.message === null ? null : redact(result.message);
      progress.stepEnded(db, step.title, { ...result, message });
      log.write(
        `${step.name}: ${result.status} in ${String(result.duration_ms)} ms${message === null ? '' : `: ${message}`}`,
      );
    },
  };
}

/** Whether it only looks on, so that whoever ends it has seen enough. */
export function looksOn({ spec, options }: Pick<RunRequest, 'spec' | 'options'>): boolean {
  return spec.looksOn?.(options as OptionsOf<OptionSpecs>) === true;
}

function changesServers({ spec, options, dryRun }: RunRequest): boolean {
  if (dryRun) return false;
  return typeof spec.changes === 'boolean' ? spec.changes : spec.changes(options as OptionsOf<OptionSpecs>);
}
