/**
 * Every error that a user can meet. The class says which exit code it leads to; `message` says what happened, to what
 * and why; `hint` says what to do next; `detail` carries the same facts for programs.
 */

export type SideName = 'src' | 'dst';

/** Facts about an error for programs. Never holds a secret. */
export type ErrorDetail = Readonly<Record<string, unknown>>;

export interface BeltErrorOptions {
  /** What the person should do next, as a sentence. */
  readonly hint?: string | undefined;
  /** The same facts for programs: side, object, sqlstate, figures. */
  readonly detail?: ErrorDetail | undefined;
  readonly cause?: unknown;
}

/** The base of all errors that belt raises on purpose; anything else that is thrown is a defect of belt's own. */
export class BeltError extends Error {
  override readonly name: string = 'BeltError';
  readonly exitCode: 1 | 2 | 130 = 1;
  readonly hint: string | undefined;
  readonly detail: ErrorDetail | undefined;

  constructor(message: string, options: BeltErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.detail = options.detail;
  }
}

/** The command line is wrong: unknown command, option or value. */
export class UsageError extends BeltError {
  override readonly name = 'UsageError';
  override readonly exitCode = 2;
}

/** A config file, or the folder of configs, is wrong or missing. */
export class ConfigError extends BeltError {
  override readonly name = 'ConfigError';
  override readonly exitCode = 2;
}

/** A server cannot be reached, or does not let belt in. */
export class ConnectionError extends BeltError {
  override readonly name = 'ConnectionError';
}

/** A server refused a statement. `detail.sqlstate` carries PostgreSQL's code. */
export class QueryError extends BeltError {
  override readonly name = 'QueryError';

  /** PostgreSQL's five-character code, for instance `42P01`. */
  get sqlstate(): string {
    return typeof this.detail?.['sqlstate'] === 'string' ? this.detail['sqlstate'] : '';
  }
}

/** A client tool (pg_dump, pg_restore, psql) is missing, too old, or failed. */
export class ToolError extends BeltError {
  override readonly name = 'ToolError';
}

/** belt refuses: going on could lose data, or the state of the servers does not fit the command. */
export class RefusedError extends BeltError {
  override readonly name = 'RefusedError';
}

/** A state that belt waited for did not come in time. */
export class DeadlineError extends BeltError {
  override readonly name = 'DeadlineError';
}

/** A check found what it looks for: data that differs, a requirement that is not met, a direction that is down. */
export class CheckFailedError extends BeltError {
  override readonly name = 'CheckFailedError';
}

/** The person pressed Ctrl-C, or the process was asked to end. */
export class InterruptedError extends BeltError {
  override readonly name = 'InterruptedError';
  override readonly exitCode = 130;
}

/** The JSON form of an error: what stands in `error` of a row and of the envelope. */
export interface ErrorJson {
  error_type: string;
  message: string;
  detail: Record<string, unknown> | null;
}

/**
 * Turns anything thrown into the JSON form.
 * @param error what was thrown; errors that are not belt's own are called InternalError and keep their message only
 */
export function errorToJson(error: unknown): ErrorJson {
  if (error instanceof BeltError) {
    const detail = { ...error.detail, ...(error.hint === undefined ? {} : { hint: error.hint }) };
    return {
      error_type: error.name,
      message: error.message,
      detail: Object.keys(detail).length > 0 ? detail : null,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    error_type: 'InternalError',
    message,
    detail: { hint: 'This is a defect of belt. Please report it with the log file.' },
  };
}
