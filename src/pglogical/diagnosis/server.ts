import { setTimeout as sleep } from 'node:timers/promises';
import type { Side } from '../../pair/side.js';
import type { Session } from '../../postgres/session.js';
import type { DoctorFinding } from '../../results/doctor.js';
import { presence } from '../extension.js';
import { finding, type Facts, type QuickFacts } from './facts.js';

/** A server that does not load pglogical: neither workers nor the output plugin run there. */
export async function libraryFindings(facts: QuickFacts): Promise<DoctorFinding[]> {
  const { direction, subscriber, provider } = facts;
  const look = async (side: Side, session: Session): Promise<DoctorFinding[]> =>
    (await presence(session)).loaded
      ? []
      : [
          finding(facts, {
            code: 'library-not-loaded',
            severity: 'fail',
            side: side.name,
            object: 'shared_preload_libraries',
            problem: `the ${side.word} server does not load pglogical (shared_preload_libraries)`,
            remedy: 'Add pglogical to shared_preload_libraries and restart the server.',
          }),
        ];
  return (await Promise.all([look(direction.subscriber, subscriber), look(direction.provider, provider)])).flat();
}

/** What pg_stat_activity calls the processes that max_worker_processes does not count; every other is a background worker. */
export const NO_BACKGROUND_WORKERS = [
  'client backend',
  'walsender',
  'walreceiver',
  'walwriter',
  'walsummarizer',
  'slotsync worker',
  'checkpointer',
  'background writer',
  'archiver',
  'logger',
  'startup',
  'io worker',
  'autovacuum launcher',
  'autovacuum worker',
];

const SUPERVISOR_RESTART_MS = 6_000;

interface Workers {
  supervisor: boolean;
  manager: boolean;
  used: number;
  max: number;
}

/**
 * The subscriber's chain of workers: the supervisor starts a manager in each database, which starts the apply worker.
 * The postmaster never starts a supervisor again that has ended in good order, as it does on SIGTERM.
 * Source: pglogical.c, pglogical_supervisor_main and pglogical_manager_main.
 */
export async function workerFindings(facts: Facts): Promise<DoctorFinding[]> {
  const { direction, subscriber, workerPid } = facts;
  if (!(await presence(subscriber)).loaded) return [];
  const { subscriber: side } = direction;
  let workers = await readWorkers(subscriber);
  // One that failed is started again after five seconds; only one that was ended in good order stays away.
  if (!workers.supervisor) {
    await sleep(SUPERVISOR_RESTART_MS);
    workers = await readWorkers(subscriber);
  }
  // Where workers are short, the supervisor itself fails every few seconds, and is mostly not there when looked at.
  const missing = [workers.supervisor, workers.manager, workerPid !== null].filter((there) => !there).length;
  if (missing > 0 && workers.used + missing > workers.max) {
    return [
      finding(facts, {
        code: 'workers-exhausted',
        severity: 'fail',
        side: side.name,
        object: 'max_worker_processes',
        problem:
          `the background workers of the ${side.word} server do not suffice (max_worker_processes = ${workers.max}, ` +
          `${workers.used} in use), so pglogical cannot start its own`,
        remedy: 'Raise max_worker_processes and restart the server.',
      }),
    ];
  }
  if (!workers.supervisor) {
    return [
      finding(facts, {
        code: 'supervisor-missing',
        severity: 'fail',
        side: side.name,
        object: 'pglogical supervisor',
        problem:
          `pglogical's supervisor does not run on the ${side.word} server: somebody has ended it, and PostgreSQL does not ` +
          'start it again',
        remedy: `Restart the ${side.word} server; nothing less brings it back.`,
      }),
    ];
  }
  if (workerPid !== null || workers.manager) return [];
  return [
    finding(facts, {
      code: 'manager-missing',
      severity: 'fail',
      side: side.name,
      object: 'pglogical manager',
      problem: `pglogical's manager does not run in the ${side.toString()} (${workers.used} of ${workers.max} background workers of the server are in use)`,
      remedy:
        'Its supervisor starts it again within minutes. If it does not, the reason stands in the log of the server: ' +
        'mostly max_worker_processes is too low.',
    }),
  ];
}

function readWorkers(subscriber: Session): Promise<Workers> {
  return subscriber.one<Workers>(
    `SELECT coalesce(bool_or(application_name = 'pglogical supervisor'), false) AS supervisor,
            coalesce(bool_or(application_name = 'pglogical manager ' || (SELECT oid FROM pg_database
                               WHERE datname = current_database())), false) AS manager,
            count(*) FILTER (WHERE backend_type <> ALL ($1))::int AS used,
            current_setting('max_worker_processes')::int AS max
       FROM pg_stat_activity`,
    [NO_BACKGROUND_WORKERS],
  );
}
