import { definePairCommand, integer, type CommandSpec } from '../define.js';

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

export const schemaCommands = { createIndexes } satisfies Record<string, CommandSpec>;
