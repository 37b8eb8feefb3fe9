import { choice, definePairCommand, duration, flag, optionalInteger, type CommandSpec } from '../define.js';

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
    'how much of the initial copy has arrived. A direction that is down comes with the reason; exit code 1 then. ' +
    'With --watch it looks again and again until Ctrl-C, and tells as well what only several looks can tell: whether the ' +
    'lag falls or grows, how fast the copy is and how long it takes yet. On a terminal the picture is drawn anew in ' +
    'place; through a pipe there is a line for each thing that is new, with --json an envelope a line. A server that ' +
    'goes away is tried again. Being ended is no failure: exit code 0.',
  examples: [
    { line: 'belt status testdatacenter1', means: 'every database of the datacenter' },
    { line: 'belt status testdatacenter1 database1 --json', means: 'one database, for a program' },
    {
      line: 'belt status testdatacenter1 database1 --watch',
      means: 'the initial copy table by table, every 2 seconds',
    },
  ],
  needs: 'both',
  changes: false,
  options: {
    watch: optionalInteger('--watch [seconds]', 'look again and again, every so many seconds', {
      min: 1,
      max: 3600,
      preset: 2,
    }),
  },
  watch: {
    seconds: ({ watch }) => watch,
    follow: () => import('./follow-status.js'),
    view: () => import('../../render/watch/status.js'),
  },
  result: async () => (await import('../../results/status.js')).statusFields,
  load: () => import('./status.js'),
  table: () => import('../../render/tables/status.js'),
});

const wait = definePairCommand({
  name: 'wait',
  group: 'watch',
  summary: 'wait until replication is in a certain state, for scripts',
  description:
    'Waits until a direction replicates, has caught up (everything committed on the one side when the waiting began, or ' +
    'later, is confirmed by the other), or is torn down. Exit code 0 when it is so; 1 when the direction is down and ' +
    'stays down, or the time is over, with the reason; 130 when interrupted. Connections that are lost while it waits are ' +
    'made anew. Replication that is not set up is not waited for: exit code 1 at once.',
  examples: [
    {
      line: 'belt wait testdatacenter1 database1 --for replicating --timeout 6h',
      means: 'after setup: until the initial copy is over',
    },
    {
      line: 'belt wait testdatacenter1 --for caught-up --timeout 10m',
      means: 'before a cutover: until every destination is up to date',
    },
    { line: 'belt wait testdatacenter1 database1 --for caught-up --back', means: 'the same of back replication' },
  ],
  needs: 'both',
  changes: false,
  // Each waits for something else: one that takes long must not keep the others from being looked at.
  concurrency: 100,
  options: {
    for: choice('--for <state>', 'what to wait for', ['replicating', 'caught-up', 'unconfigured']),
    back: flag('--back', 'back replication instead of forward'),
    timeout: duration('--timeout <duration>', 'how long to wait at most, such as 30s, 10m, 1h, 2d', '1h'),
  },
  result: async () => (await import('../../results/wait.js')).waitFields,
  load: () => import('./wait.js'),
  table: () => import('../../render/tables/wait.js'),
});

export const inspectCommands = { precheck, status, wait } satisfies Record<string, CommandSpec>;
