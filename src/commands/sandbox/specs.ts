import { definePlainCommand, text, type CommandSpec } from '../define.js';

const sandbox = definePlainCommand({
  name: 'sandbox',
  group: 'belt',
  summary: 'start two throwaway PostgreSQL servers with a sample database, or remove them',
  description:
    'up starts two throwaway local PostgreSQL servers with pglogical on free ports of 127.0.0.1, loads a sample shop ' +
    '(380,000 rows) on the first, and writes a migration project folder that is ready for every other command. ' +
    'down stops the servers and removes all of it. Needs a PostgreSQL with pglogical on this machine.',
  arguments: [{ name: '<up|down>', description: 'up starts it, down removes it' }],
  options: {
    dir: text('--dir <folder>', 'the project folder to make or remove (default: ./belt-sandbox)'),
  },
  examples: [
    { line: 'belt sandbox up', means: 'make ./belt-sandbox; then: cd belt-sandbox && belt precheck sandbox' },
    { line: 'belt sandbox down', means: 'stop its servers and remove it' },
  ],
  load: () => import('./sandbox.js'),
});

export const sandboxCommands = { sandbox } satisfies Record<string, CommandSpec>;
