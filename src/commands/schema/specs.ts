import { definePairCommand, definePlainCommand, integer, type CommandSpec } from '../define.js';

const createIndexes = definePairCommand({
  name: 'create-indexes',
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
  load: () => import('./create-indexes.js'),
  table: () => import('../../render/tables/create-indexes.js'),
});

const schema = definePlainCommand({
  name: 'schema',
  summary: 'print the JSON Schema of the config file, for editors',
  description:
    'Prints the JSON Schema of config.json. Name the file it is saved in as "$schema" in a config, and editors check and complete it.',
  examples: [
    { line: 'belt schema > config.schema.json', means: 'then "$schema": "../../../config.schema.json" in a config' },
  ],
  arguments: [],
  options: {},
  load: () => import('./schema.js'),
});

export const schemaCommands = { createIndexes, schema } satisfies Record<string, CommandSpec>;
