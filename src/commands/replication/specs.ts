import {
  accept,
  choice,
  createRoles,
  definePairCommand,
  duration,
  exclusionOptions,
  flag,
  integer,
  integerIfGiven,
  noExtensions,
  size,
  speed,
  type CommandSpec,
} from '../define.js';

/** The table that every command uses whose result is what its steps did. */
const stepsTable = () => import('../../render/tables/steps.js');

const detail = async () => (await import('../../results/detail.js')).detailFields;

const force = flag('--force', 'go on although it may lose data, as the refusal says');
const noSchema = flag('--no-schema', 'leave the schema alone: it was loaded by other means');
const wait = integer('--wait <seconds>', 'how long to wait for changes that are on their way', {
  min: 0,
  max: 86_400,
  defaultValue: 30,
});

const setup = definePairCommand({
  name: 'setup',
  group: 'replicate',
  summary: 'load the schema and start forward replication',
  description:
    'Makes the pglogical role, extension and nodes on both sides, loads the schema of the source into the destination ' +
    '(without NOT VALID constraints and without the indexes that can wait), and starts to copy and replicate every table ' +
    'that has a primary key. The application goes on undisturbed. Can be run again after a failure at any point. First it ' +
    'looks as "belt precheck" does, and refuses with everything that fails there, unless --accept names it.',
  examples: [
    { line: 'belt setup testdatacenter1 database1', means: 'start the migration of one database' },
    {
      line: 'belt setup testdatacenter1 database1 --dry-run',
      means: 'show what is there already and what would be done',
    },
    {
      line: 'belt setup testdatacenter1 database1 --accept large-objects',
      means: 'although precheck says that large objects stay behind',
    },
  ],
  needs: 'both',
  changes: ({ attach, cancel }) => !attach && !cancel,
  looksOn: ({ attach }) => attach,
  detaches: ({ detach, attach, cancel }) => detach && !attach && !cancel,
  next: 'belt status {target}   until it says "replicating"; then belt setup-back-replication {target}',
  options: {
    schema: noSchema,
    accept,
    createRoles,
    extensions: noExtensions,
    copy: choice('--copy <who>', 'who copies the rows', ['belt', 'pglogical'], 'belt'),
    jobs: integerIfGiven(
      '-j, --jobs <n>',
      "connections that copy at once (default: the destination's CPUs less one, from 4 to 8; 4 where it does not tell)",
      { min: 1, max: 64 },
    ),
    maxRate: speed('--max-rate <speed>', 'most bytes per second that are copied in all, such as 50MB/s; or none'),
    chunkSize: size(
      '--chunk-size <size>',
      'size of the pieces that big tables are copied in (default: 8MB to 128MB, by the size of all)',
    ),
    lockWait: duration(
      '--lock-wait <duration>',
      'how long the copy may wait for transactions of others to begin',
      '30m',
    ),
    maxSlotWal: size('--max-slot-wal <size>', 'end the copy before its slot holds more WAL on the source than this'),
    detach: flag('--detach', 'leave it running in the background once its checks are passed'),
    attach: flag('--attach', 'look on while another belt copies; with --jobs or --max-rate, change that first'),
    cancel: flag('--cancel', 'end the setup that is at work, wherever it runs'),
  },
  result: detail,
  load: () => import('./setup.js'),
  table: stepsTable,
});

const setupBack = definePairCommand({
  name: 'setup-back-replication',
  group: 'replicate',
  summary: 'start replication from the destination back to the source',
  description:
    'Starts replication from the destination to the source, so that what the application writes on the destination after ' +
    'the cutover reaches the source too and a rollback loses nothing. Refused while the initial copy still runs, since ' +
    'copied rows would be sent back and overwrite newer ones. Succeeds when rows really flow.',
  examples: [
    { line: 'belt setup-back-replication testdatacenter1 database1', means: 'once "belt status" says replicating' },
  ],
  needs: 'both',
  changes: true,
  next: 'before the downtime: belt create-indexes {target} and belt analyze {target}; at the cutover: belt revoke-logins {target} --disconnect',
  options: {},
  result: detail,
  load: () => import('./setup-back-replication.js'),
  table: stepsTable,
});

const teardownForward = definePairCommand({
  name: 'teardown-forward-replication',
  group: 'cutover',
  summary: 'end forward replication, once everything has arrived',
  description:
    'Drops the subscription that feeds the destination. First it makes sure that nothing can be lost: it refuses while ' +
    'sessions that can write are still connected to the source, and while the destination has not applied all that the ' +
    'source has committed.',
  examples: [
    {
      line: 'belt teardown-forward-replication testdatacenter1 database1',
      means: 'in the downtime, after revoke-logins',
    },
  ],
  needs: 'dst',
  changes: true,
  next: 'belt sync {target}',
  options: { force, wait, ...exclusionOptions },
  result: detail,
  load: () => import('./teardown-forward-replication.js'),
  table: stepsTable,
});

const teardownBack = definePairCommand({
  name: 'teardown-back-replication',
  group: 'cutover',
  summary: 'end back replication: the migration is final, or is being rolled back',
  description:
    'Drops the subscription that feeds the source from the destination, once the source has applied all that was ' +
    'committed on the destination. From then on the source is out of date, or, in a rollback, the truth again.',
  examples: [
    {
      line: 'belt teardown-back-replication testdatacenter1 database1',
      means: 'when a rollback is no longer needed, or as its first step',
    },
  ],
  needs: 'src',
  changes: true,
  options: { force, wait },
  result: detail,
  load: () => import('./teardown-back-replication.js'),
  table: stepsTable,
});

const full = flag('--full', 'drop the extensions pglogical and dblink, too');

const reset = definePairCommand({
  name: 'reset',
  group: 'start',
  summary: 'before the cutover: back to the start, to copy everything anew',
  description:
    'Drops the subscriptions of both directions, empties the tables on the destination, and drops there what setup leaves ' +
    'for later: NOT VALID constraints and indexes that can wait. The source is left alone. "belt setup" then begins anew. ' +
    'Refused when the servers show that the sides are swapped, when anything speaks for a cutover (forward replication is ' +
    'gone, roles of the source have lost LOGIN, clients are connected to the destination), and when the destination is as ' +
    'large as the source. Where the cutover is all but certain, --force does not go on either.',
  examples: [
    { line: 'belt reset testdatacenter1 database1 --dry-run', means: 'show what would be dropped and emptied' },
    { line: 'belt reset testdatacenter1 database1 --force', means: 'although the copy is complete by now' },
  ],
  needs: 'both',
  changes: true,
  next: 'belt setup {target}',
  options: { force },
  result: detail,
  load: () => import('./reset.js'),
  table: stepsTable,
});

const teardown = definePairCommand({
  name: 'teardown',
  group: 'start',
  summary: 'remove everything that belt set up on both sides; tables and rows stay',
  description:
    "Drops belt's subscriptions, replication sets, triggers, nodes, grants and the pglogical role from both sides, and with " +
    '--full the extensions. Refused while changes are on their way, in either direction, since they would be lost. A role ' +
    'that another database of the server uses stays, and so does a dblink that something else may use. Sessions that hold ' +
    'what must be dropped are named. With --force it also goes on with one side when the other does not answer.',
  examples: [
    { line: 'belt teardown testdatacenter1 database1', means: 'when the migration is over, or given up' },
    { line: 'belt teardown testdatacenter1 database1 --full', means: 'the extensions pglogical and dblink as well' },
  ],
  needs: 'both',
  forceWithOneSide: true,
  changes: true,
  options: { full, force, wait },
  result: detail,
  load: () => import('./teardown.js'),
  table: stepsTable,
});

const cleanupPreviousConfig = definePairCommand({
  name: 'cleanup-previous-config',
  group: 'start',
  summary: 'remove from the source what an earlier migration left there',
  description:
    'For a source that was source or destination of an earlier migration: drops the subscriptions, slots, replication sets, ' +
    'triggers, node, grants and role of that one, and with --full the extensions. Refused while a migration is under way on ' +
    "the source, and when pglogical serves something there that is not belt's; --force removes that too.",
  examples: [
    {
      line: 'belt cleanup-previous-config testdatacenter1 database1',
      means: 'when setup says that the source is another node already',
    },
  ],
  needs: 'src',
  changes: true,
  next: 'belt precheck {target}',
  options: { full, force },
  result: detail,
  load: () => import('./cleanup-previous-config.js'),
  table: stepsTable,
});

export const replicationCommands = {
  setup,
  setupBack,
  teardownForward,
  teardownBack,
  reset,
  teardown,
  cleanupPreviousConfig,
} satisfies Record<string, CommandSpec>;
