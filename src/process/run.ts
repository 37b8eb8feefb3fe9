import { execa, ExecaError } from 'execa';
import { InterruptedError, ToolError, type BeltErrorOptions } from '../errors.js';

export interface ToolRun {
  /** What messages call the tool: `pg_dump`. */
  readonly name: string;
  /** The program file. */
  readonly path: string;
  /** Never a secret: every user of the machine can read them. */
  readonly args: readonly string[];
  /** The whole environment of the tool; the place for secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Values that must not show up in an error, whatever the tool prints. */
  readonly secrets?: readonly string[];
  /** Text for the tool's standard input. */
  readonly stdin?: string;
  /** What the tool is run for, for messages: `dumping the schema of source database "shop"`. */
  readonly purpose: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the tool is ended; 0 for never. */
  readonly timeLimit?: number;
}

export interface ToolOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** A tool that ran and failed; `stderr` is all that it printed there, without secrets. */
export class ToolFailure extends ToolError {
  constructor(
    message: string,
    options: BeltErrorOptions,
    readonly stderr: string,
  ) {
    super(message, options);
  }
}

const SAID_LINES = 12;
/** A tool that is asked to end gets this long before it is killed. */
const GRACE_MS = 5_000;
/** Shorter values are too likely to be part of ordinary words; no server accepts them as a serious password anyway. */
const SHORTEST_SECRET = 4;

/**
 * Runs a client tool to its end.
 * @throws ToolFailure with the tool's own last lines when it fails, ends by a signal or takes too long;
 *   InterruptedError when `signal` aborts
 */
export async function runTool(run: ToolRun): Promise<ToolOutput> {
  throwIfAborted(run);
  try {
    const { stdout, stderr } = await execa(run.path, run.args, {
      env: run.env,
      extendEnv: false,
      stdin: run.stdin === undefined ? 'ignore' : 'pipe',
      ...(run.stdin === undefined ? {} : { input: run.stdin }),
      ...(run.signal === undefined ? {} : { cancelSignal: run.signal }),
      timeout: run.timeLimit ?? 0,
      forceKillAfterDelay: GRACE_MS,
      maxBuffer: 256 * 1024 * 1024,
      stripFinalNewline: false,
    });
    return { stdout, stderr };
  } catch (error) {
    throwIfAborted(run);
    if (!(error instanceof ExecaError)) throw error;
    throw toolError(run, error as ExecaError);
  }
}

function toolError(run: ToolRun, error: ExecaError): ToolFailure {
  const stderr = typeof error.stderr === 'string' ? redact(error.stderr, run.secrets ?? []) : '';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  // What follows an error may be longer than all that is shown, such as the query that failed.
  const at = lines.findIndex((line) => line.startsWith(`${run.name}: error: `));
  const said = (at < 0 ? lines.slice(-SAID_LINES) : lines.slice(at, at + SAID_LINES)).join('\n');
  const how = howItEnded(run, error);
  return new ToolFailure(
    `${run.purpose}: ${run.name} ${how}${
      said === ''
        ? ''
        : `:
${said}`
    }`,
    {
      ...(error.code === 'ENOENT' || error.code === 'EACCES'
        ? { hint: `Check that ${run.path} is there and may be executed.` }
        : {}),
      detail: { tool: run.name, path: run.path, exit_code: error.exitCode ?? null },
    },
    stderr,
  );
}

function throwIfAborted({ signal }: ToolRun): void {
  if (signal?.aborted === true) throw new InterruptedError('interrupted');
}

function howItEnded(run: ToolRun, error: ExecaError): string {
  if (error.timedOut) return `was ended after ${String((run.timeLimit ?? 0) / 1000)} s without coming to an end`;
  if (error.exitCode !== undefined) return `failed (exit code ${String(error.exitCode)})`;
  if (error.signal !== undefined) return `was ended by signal ${error.signal}`;
  return `could not be started (${error.code ?? 'unknown reason'})`;
}

/** Replaces every occurrence of the secrets. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}
