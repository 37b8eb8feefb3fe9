import { definePairCommand, flag, type CommandSpec } from '../define.js';

const precheck = definePairCommand({
  name: 'precheck',
  group: 'prepare',
  summary: 'check that both servers, roles, tables and tools are fit for a migration',
  description:
    'Reads both servers and says what a migration needs and lacks: settings, roles, extensions, client tools, and ' +
    'everything in the schema that pglogical cannot carry, each with what to do about it. Changes nothing. ' +
    'Exit code 1 when a requirement fails.',
  examples: [
    {
      line: 'belt precheck testdatacenter1 database1',
      means: 'one database, with its tables, sequences and extensions',
    },
    { line: 'belt precheck testdatacenter1', means: 'every database of the datacenter, a line per side' },
  ],
  needs: 'both',
  changes: false,
  next: 'belt setup {target}',
  options: {},
  result: async () => (await import('../../results/precheck.js')).precheckFields,
  load: () => import('./precheck.js'),
  table: () => import('../../render/tables/precheck.js'),
});

const status = definePairCommand({
  name: 'status',
  group: 'watch',
  summary: 'show how replication is, in both directions',
  description:
    'A row per database: forward (source to destination) and back replication, how far behind the destination is, and ' +
    'how much of the initial copy has arrived. A direction that is down comes with the reason; exit code 1 then.',
  examples: [
    { line: 'belt status testdatacenter1', means: 'every database of the datacenter' },
    { line: 'belt status testdatacenter1 database1 --json', means: 'one database, for a program' },
  ],
  needs: 'both',
  changes: false,
  options: {},
  result: async () => (await import('../../results/status.js')).statusFields,
  load: () => import('./status.js'),
  table: () => import('../../render/tables/status.js'),
});

const doctor = definePairCommand({
  name: 'doctor',
  group: 'watch',
  summary: 'find out why replication is down or does not move; --fix mends what is safe',
  description:
    'Asks both servers why a direction is down or does not move: subscription, workers, slot, the connection from server to ' +
    'server, roles and passwords, tables that differ, locks, and the very row that is refused. Says what it finds in a ' +
    'sentence each, and what to do. Changes nothing without --fix; with it, it enables subscriptions, starts workers, and ' +
    "gives role and connection the config's settings again, then waits until rows flow. Exit code 1 when something is to " +
    'be mended.',
  examples: [
    { line: 'belt doctor testdatacenter1 database1', means: 'why "belt status" says down, and what to do' },
    { line: 'belt doctor testdatacenter1 database1 --fix --dry-run', means: 'what --fix would do' },
    { line: 'belt doctor testdatacenter1 --fix', means: 'mend every database of the datacenter' },
  ],
  needs: 'both',
  changes: ({ fix }) => fix,
  options: { fix: flag('--fix', 'mend what is safe to mend, and wait until replication runs') },
  result: async () => (await import('../../results/doctor.js')).doctorFields,
  load: () => import('./doctor.js'),
  table: () => import('../../render/tables/doctor.js'),
});

export const inspectCommands = { precheck, status, doctor } satisfies Record<string, CommandSpec>;
