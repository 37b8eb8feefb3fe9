import { definePairCommand, flag, integer, type CommandSpec } from '../define.js';

const jobs = integer('-j, --jobs <n>', 'connections at work at once, for each database', {
  min: 1,
  max: 64,
  defaultValue: 4,
});

const analyze = definePairCommand({
  name: 'analyze',
  group: 'replicate',
  summary: 'gather planner statistics on the destination',
  description:
    'Runs ANALYZE on every table of the schema on the destination, several at once. Do it before the cutover, so that the ' +
    'application finds good query plans from its first query on; sync then only looks after tables that changed since.',
  examples: [{ line: 'belt analyze testdatacenter1 database1', means: 'some time before the cutover' }],
  needs: 'dst',
  changes: true,
  options: { jobs },
  result: async () => (await import('../../results/detail.js')).detailFields,
  load: () => import('./analyze.js'),
  table: () => import('../../render/tables/steps.js'),
});

const sync = definePairCommand({
  name: 'sync',
  group: 'cutover',
  summary: 'in the downtime: bring over what replication cannot, and prove that the data is equal',
  description:
    'Sets the sequences, copies the tables that cannot be replicated, adds the NOT VALID constraints and the indexes that ' +
    'are not there yet, refreshes materialized views, compares rows of every table on both sides, and analyzes what has ' +
    'changed. Refused while forward replication is configured. Fails when a compared row differs, naming table, key and ' +
    'column. Can be run again.',
  examples: [
    { line: 'belt sync testdatacenter1 database1', means: 'in the downtime, after teardown-forward-replication' },
    { line: 'belt sync testdatacenter1 database1 --no-schema', means: 'leave constraints and indexes alone' },
  ],
  needs: 'both',
  changes: true,
  next: 'start the application on the destination; later belt teardown-back-replication {target}',
  options: { schema: flag('--no-schema', 'leave constraints and indexes alone: they were made by other means'), jobs },
  result: async () => (await import('../../results/sync.js')).syncFields,
  load: () => import('./sync.js'),
  table: () => import('../../render/tables/sync.js'),
});

export const dataCommands = { analyze, sync } satisfies Record<string, CommandSpec>;
