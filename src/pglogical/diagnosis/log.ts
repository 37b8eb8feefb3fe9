import { BeltError } from '../../errors.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { finding, type Facts } from './facts.js';

/** Bytes of the log's end that are read, and lines of it that are shown. */
const TAIL = 256 * 1024;
const SHOWN = 3;
const LONGEST = 300;

/**
 * What the subscriber's log says of the worker that does not run, where the log may be read over SQL: the file of the logging
 * collector, by a superuser or pg_read_server_files. For showing only: nothing is decided by these lines.
 */
export async function logFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, status, workerPid } = facts;
  if (status !== 'down' && workerPid !== null) return [];
  const { subscriber: side } = direction;
  const at = { severity: 'note' as const, side: side.name, object: 'server log' };
  const tail = await readTail(facts);
  if ('why' in tail) {
    return [
      finding(facts, {
        ...at,
        code: 'log-not-read',
        problem: `the log of the ${side.word} server could not be read: ${tail.why}`,
        remedy: 'Look into it yourself for lines of "pglogical apply".',
      }),
    ];
  }
  const lines = errorLines(tail.text, tail.worker);
  if (lines.length === 0) return [];
  return [
    finding(facts, {
      ...at,
      code: 'log-says',
      problem: `the log of the ${side.word} server says of the worker: ${lines.join(' | ')}`,
      remedy: 'Read the lines around them in the log.',
    }),
  ];
}

type Tail = { readonly text: string; readonly worker: string } | { readonly why: string };

async function readTail({ direction, subscriber }: Facts): Promise<Tail> {
  const [row] = await subscriber.query<{ file: string | null; worker: string; collector: string }>(
    `SELECT CASE WHEN has_function_privilege('pg_current_logfile(text)', 'EXECUTE') THEN pg_current_logfile('stderr') END AS file,
            format('pglogical apply %s:%s', (SELECT oid FROM pg_database WHERE datname = current_database()), sub_id) AS worker,
            current_setting('logging_collector') AS collector
       FROM pglogical.subscription WHERE sub_name = $1`,
    [direction.subscription],
  );
  if (row === undefined || row.file === null) {
    return {
      why:
        row?.collector === 'on'
          ? 'belt may not ask for its file, or it is not written as plain text (log_destination)'
          : 'the server does not write it itself (logging_collector is off)',
    };
  }
  try {
    const { bytes } = await subscriber.one<{ bytes: Buffer }>(
      'SELECT pg_read_binary_file($1, greatest(0, (pg_stat_file($1)).size - $2), $2) AS bytes',
      [row.file, TAIL],
    );
    return { text: bytes.toString('utf8'), worker: row.worker };
  } catch (error) {
    if (!(error instanceof BeltError)) throw error;
    return { why: error.message };
  }
}

/**
 * The last errors of the workers of one subscription. The server says which process each was when it ends ("background
 * worker "pglogical apply 16387:42" (PID 1234) exited"); errors stand in lines of those processes.
 */
export function errorLines(text: string, worker: string): string[] {
  const lines = text.split('\n');
  const pids = new Set(
    lines.flatMap((line) => (line.includes(`"${worker}"`) ? (/\(PID (\d+)\)/.exec(line)?.[1] ?? []) : [])),
  );
  const errors = lines.filter(
    (line) => /\b(ERROR|FATAL|PANIC): /.test(line) && (line.match(/\d+/g) ?? []).some((number) => pids.has(number)),
  );
  return errors.slice(-SHOWN).map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line));
}
