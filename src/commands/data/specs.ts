import { definePairCommand, flag, integer, list, type CommandSpec } from '../define.js';

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
  options: {
    jobs,
    refresh: flag(
      '--refresh',
      'first refresh the materialized views, in their order: sync then need not; queries go on where a unique index allows it',
    ),
  },
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
    'are not there yet, refreshes materialized views, compares rows of every table and the whole schema on both sides, and ' +
    'analyzes what has changed. Refused while forward replication is configured. Fails when a compared row differs, naming ' +
    'table, key and column, or when something of the schema is missing or otherwise. Can be run again.',
  examples: [
    { line: 'belt sync testdatacenter1 database1', means: 'in the downtime, after teardown-forward-replication' },
    { line: 'belt sync testdatacenter1 database1 --no-schema', means: 'leave constraints and indexes alone' },
  ],
  needs: 'both',
  changes: true,
  next: 'start the application on the destination; later belt teardown-back-replication {target}',
  options: {
    schema: flag('--no-schema', 'leave constraints and indexes alone: they were made by other means'),
    largeObjects: flag('--large-objects', 'copy the large objects of the source, and compare their contents'),
    refresh: flag('--refresh', 'refresh materialized views again that were filled before (analyze --refresh)'),
    jobs,
  },
  result: async () => (await import('../../results/sync.js')).syncFields,
  load: () => import('./sync.js'),
  table: () => import('../../render/tables/sync.js'),
});

const syncSequences = definePairCommand({
  name: 'sync-sequences',
  group: 'data',
  summary: 'set the sequences on the destination, so that no number is given out twice',
  description:
    "Sets every sequence on the destination at least as far as the source's, and at least as far as the rows that it " +
    "numbers; never backwards. (One that cycles takes over where the source's stands.) The first step of sync, for when " +
    'you want it alone. While applications still write on the source its sequences move on: run it again when they have ' +
    'ended, or leave a gap with --stride.',
  examples: [
    { line: 'belt sync-sequences testdatacenter1 database1', means: 'in the downtime' },
    {
      line: 'belt sync-sequences testdatacenter1 database1 --stride 1000',
      means: 'leave out 1000 numbers in sequences that no primary key shows the use of',
    },
  ],
  needs: 'both',
  changes: true,
  options: {
    stride: integer('--stride <n>', 'numbers to leave out, in sequences that feed no primary key', {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      defaultValue: 0,
    }),
  },
  result: async () => (await import('../../results/sync-sequences.js')).syncSequencesFields,
  load: () => import('./sync-sequences.js'),
  table: () => import('../../render/tables/sync-sequences.js'),
});

const diffSequences = definePairCommand({
  name: 'diff-sequences',
  group: 'data',
  summary: 'compare the sequences of both sides',
  description:
    'Shows where every sequence stands on both sides. Fails, with exit code 1, when one on the destination is missing, ' +
    'or would give out a number that the source has given out or that is in use already. Changes nothing. Before the ' +
    'cutover the destination is behind, as it should be: sync sets the sequences.',
  examples: [{ line: 'belt diff-sequences testdatacenter1 database1', means: 'after sync or sync-sequences' }],
  needs: 'both',
  changes: false,
  options: {},
  result: async () => (await import('../../results/diff-sequences.js')).diffSequencesFields,
  load: () => import('./diff-sequences.js'),
  table: () => import('../../render/tables/diff-sequences.js'),
});

const syncTables = definePairCommand({
  name: 'sync-tables',
  group: 'data',
  summary: 'copy the tables that cannot be replicated',
  description:
    'Copies the tables without primary key (and others that pglogical cannot take) whose destination is empty, triggers ' +
    'off, several at once, all from one snapshot of the source. A table that has rows on the destination is left alone: ' +
    'skipped when it has as many as the source, else an error. Do it when nobody writes to those tables any more: what ' +
    'is written later does not reach the destination. With --table it copies just the tables named, with or without ' +
    'key, but none that is in replication.',
  examples: [
    { line: 'belt sync-tables testdatacenter1 database1', means: 'in the downtime; sync does it, too' },
    {
      line: 'belt sync-tables testdatacenter1 database1 --table log --table "Old Orders"',
      means: 'two large tables that nobody writes to, before the downtime',
    },
  ],
  needs: 'both',
  changes: true,
  options: {
    table: list('--table <name>', 'copy this table, and no other (may be given several times)'),
    jobs: integer('-j, --jobs <n>', 'tables copied at once, for each database', { min: 1, max: 64, defaultValue: 4 }),
  },
  result: async () => (await import('../../results/sync-tables.js')).syncTablesFields,
  load: () => import('./sync-tables.js'),
  table: () => import('../../render/tables/sync-tables.js'),
});

const validateData = definePairCommand({
  name: 'validate-data',
  group: 'data',
  summary: 'compare rows of both sides, value by value',
  description:
    'Compares a sample of every table, exactly as stored: of a table with a key 100 random rows and the 100 with the ' +
    'highest keys, of another one 100 rows and the number of rows; with --full every row. Fails, with exit code 1, when ' +
    'a row differs, naming table, key and column. Changes nothing. It can be run while replication runs: rows that ' +
    'differ are read again until they have had the time to arrive, and tables that sync has yet to copy are skipped.',
  examples: [
    { line: 'belt validate-data testdatacenter1 database1', means: 'at any time once status says replicating' },
    {
      line: 'belt validate-data testdatacenter1 database1 --full --table orders',
      means: 'every row of one table; both servers read all of it',
    },
  ],
  needs: 'both',
  changes: false,
  options: {
    table: list('--table <name>', 'compare this table, and no other (may be given several times)'),
    full: flag('--full', 'compare every row of every table'),
    jobs,
    maxDifferences: integer('--max-differences <n>', 'with --full: rows to tell one by one', {
      min: 1,
      max: 10_000,
      defaultValue: 20,
    }),
    deadline: integer('--deadline <seconds>', 'how long rows that replication is yet to bring get to arrive', {
      min: 1,
      max: 86_400,
      defaultValue: 60,
    }),
  },
  result: async () => (await import('../../results/validate-data.js')).validateDataFields,
  load: () => import('./validate-data.js'),
  table: () => import('../../render/tables/validate-data.js'),
});

export const dataCommands = {
  analyze,
  sync,
  syncSequences,
  diffSequences,
  syncTables,
  validateData,
} satisfies Record<string, CommandSpec>;
