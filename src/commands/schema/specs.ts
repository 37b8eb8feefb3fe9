import { definePlainCommand, type CommandSpec } from '../define.js';

const schema = definePlainCommand({
  name: 'schema',
  summary: 'print the JSON Schema of the config file, for editors',
  description: 'Prints the JSON Schema of config.json. Name the file it is saved in as "$schema" in a config, and editors check and complete it.',
  examples: [{ line: 'belt schema > config.schema.json', means: 'then "$schema": "../../../config.schema.json" in a config' }],
  arguments: [],
  options: {},
  load: () => import('./schema.js'),
});

export const schemaCommands = { schema } satisfies Record<string, CommandSpec>;
