import { definePlainCommand, type CommandSpec } from '../define.js';

const schema = definePlainCommand({
  name: 'schema',
  group: 'belt',
  summary: "print the JSON Schema of the config file, or of a command's JSON",
  description:
    'Prints the JSON Schema of config.json: name the file it is saved in as "$schema" in a config, and editors check and ' +
    'complete it. With the name of a command: the JSON Schema of what that command prints with --json.',
  examples: [
    { line: 'belt schema > config.schema.json', means: 'then "$schema": "../../../config.schema.json" in a config' },
    { line: 'belt schema status', means: 'what "belt status --json" prints' },
  ],
  arguments: [{ name: '[command]', description: 'a command that has --json; the config file when left out' }],
  options: {},
  load: () => import('./schema.js'),
});

export const projectCommands = { schema } satisfies Record<string, CommandSpec>;
