import { definePairCommand, flag, integer, type CommandSpec } from '../define.js';

const createIndexes = definePairCommand({
  name: 'create-indexes',
  group: 'replicate',
  summary: 'build the indexes that setup left out, before the downtime',
  description:
    'Builds on the destination the indexes that setup left for later, several at once, then gathers statistics. Do it ' +
    'when forward replication is replicating, days or hours before the cutover: what is still missing at the cutover is ' +
    'built by sync, in the downtime. Indexes that are there already are skipped.',
  examples: [{ line: 'belt create-indexes testdatacenter1 database1', means: 'once "belt status" says replicating' }],
  needs: 'both',
  changes: true,
  options: {
    jobs: integer('-j, --jobs <n>', 'indexes built at once, for each database', { min: 1, max: 64, defaultValue: 4 }),
  },
  result: async () => (await import('../../results/create-indexes.js')).createIndexesFields,
  load: () => import('./create-indexes.js'),
  table: () => import('../../render/tables/create-indexes.js'),
});

const diffSchemas = definePairCommand({
  name: 'diff-schemas',
  group: 'watch',
  summary: 'compare the schemas of both sides, object by object',
  description:
    'Reads the catalogs of both sides and tells what the destination lacks, has besides, or has in another form: tables, ' +
    'columns, constraints, indexes, sequences, views, routines, types, triggers, policies, comments, privileges and more. ' +
    'Indexes and NOT VALID constraints that are made only after the data count with --full. Changes nothing. Exit code 1 ' +
    'when something differs. A database whose config lists tables is skipped, as only a part of the schema moves there.',
  examples: [
    { line: 'belt diff-schemas testdatacenter1 database1', means: 'after the schema was loaded' },
    { line: 'belt diff-schemas testdatacenter1 --full', means: 'after sync, for every database of the datacenter' },
  ],
  needs: 'both',
  changes: false,
  options: { full: flag('--full', 'compare NOT VALID constraints and the indexes that can wait as well') },
  result: async () => (await import('../../results/diff-schemas.js')).diffSchemasFields,
  load: () => import('./diff-schemas.js'),
  table: () => import('../../render/tables/diff-schemas.js'),
});

export const schemaCommands = { createIndexes, diffSchemas } satisfies Record<string, CommandSpec>;
