import {
  choice,
  definePairCommand,
  definePlainCommand,
  duration,
  exclusionOptions,
  flag,
  optionalInteger,
  type CommandSpec,
} from '../define.js';

const checkConnectivity = definePairCommand({
  name: 'check-connectivity',
  group: 'prepare',
  summary: 'check that belt reaches both servers, and the servers each other',
  description:
    "Tries, for each side, belt's way to the port, the login of the root user and of the owner, and the server's way to " +
    'the other server: with the extension dblink, by the address that pglogical will use (peer_host and peer_port where ' +
    'the config has them), as the owner. All is tried at once, so a side that is down hides nothing about the other. ' +
    'Where dblink is not in the database it is made for the check in a transaction that is rolled back: nothing changes. ' +
    'Exit code 1 when a check fails, with the reason of each.',
  examples: [
    { line: 'belt check-connectivity testdatacenter1', means: 'every database of the datacenter' },
    { line: 'belt check-connectivity testdatacenter1 database1 --json', means: 'one database, for a program' },
  ],
  needs: 'both',
  changes: false,
  next: 'belt precheck {target}',
  options: {},
  result: async () => (await import('../../results/check-connectivity.js')).checkConnectivityFields,
  load: () => import('./check-connectivity.js'),
  table: () => import('../../render/tables/check-connectivity.js'),
});

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

const checkPkeys = definePairCommand({
  name: 'check-pkeys',
  group: 'prepare',
  summary: 'list the tables with and without a primary key, and how each will be moved',
  description:
    "Reads the source's tables: those with a primary key and those without, and how the rows of each will come to the " +
    'destination, with the reason where that is not by pglogical. Tables that are not replicated are copied by sync, ' +
    'during the downtime. Changes nothing.',
  examples: [{ line: 'belt check-pkeys testdatacenter1 database1', means: 'the tables of one database' }],
  needs: 'src',
  oneDatabase: true,
  changes: false,
  options: {},
  result: async () => (await import('../../results/check-pkeys.js')).checkPkeysFields,
  load: () => import('./check-pkeys.js'),
  table: () => import('../../render/tables/check-pkeys.js'),
});

/** The command that prints the connection string of a side. */
function dsn(side: 'src' | 'dst', word: string): CommandSpec {
  return definePlainCommand({
    name: `${side}-dsn`,
    group: 'prepare',
    summary: `print the connection string of the ${word}, with the password`,
    description:
      `Prints a libpq connection string for the ${word} database, as the root user unless told otherwise, for psql and ` +
      "every other program that takes one. It holds the password: that is what it is for, so mind where it goes. belt's " +
      'log does not get it.',
    examples: [
      { line: `belt ${side}-dsn testdatacenter1 database1 --owner`, means: `the owner's, to look at` },
      { line: `psql "$(belt ${side}-dsn testdatacenter1 database1)"`, means: `a session on the ${word}, as root` },
    ],
    arguments: [
      { name: '<dc>', description: 'datacenter: a folder in configs/' },
      { name: '<db>', description: 'database: a folder in configs/<dc>/' },
    ],
    options: {
      owner: flag('--owner', 'as the owner of the tables'),
      pglogical: flag('--pglogical', 'as the role that pglogical replicates as'),
    },
    load: async () => (await import('./dsn.js')).dsnModule(side),
  });
}

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

const connections = definePairCommand({
  name: 'connections',
  group: 'watch',
  summary: 'count the sessions of clients on both sides, by user',
  description:
    'Says whose sessions are open in the source and in the destination database: who has still to move over, or can ' +
    "still write. belt's own sessions, replication, postgres, rdsadmin, and the roles that the config (exclude_users, " +
    'exclude_patterns) or you exclude do not count. Changes nothing.',
  examples: [
    { line: 'belt connections testdatacenter1', means: 'every database of the datacenter' },
    { line: "belt connections testdatacenter1 database1 -e reporting -p 'backup%'", means: 'without some roles' },
  ],
  needs: 'both',
  changes: false,
  options: exclusionOptions,
  result: async () => (await import('../../results/connections.js')).connectionsFields,
  load: () => import('./connections.js'),
  table: () => import('../../render/tables/connections.js'),
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

export const inspectCommands = {
  checkConnectivity,
  precheck,
  checkPkeys,
  srcDsn: dsn('src', 'source'),
  dstDsn: dsn('dst', 'destination'),
  status,
  wait,
  doctor,
  connections,
} satisfies Record<string, CommandSpec>;
