import type { Envelope, Row } from './results/envelope.js';

/** What a command was run for. */
interface Run {
  readonly command: string;
  readonly dc: string;
  /** Every database of the datacenter when left out. */
  readonly db: string | undefined;
  readonly started: Date;
}

/**
 * The JSON of a run that ends now.
 * @param error what went wrong outside of the databases; a run with one has failed, whatever its rows say
 */
export function makeEnvelope(
  { command, dc, db, started }: Run,
  results: Row<object>[],
  error: Envelope<object>['error'] = null,
): Envelope<object> {
  return {
    command,
    dc,
    db: db ?? null,
    success: error === null && results.every(({ success }) => success),
    timestamp: started.toISOString(),
    duration_ms: Date.now() - started.getTime(),
    error,
    results,
  };
}
