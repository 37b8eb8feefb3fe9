import { definePlainCommand, flag, type CommandSpec } from '../define.js';

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

const list = definePlainCommand({
  name: 'list',
  group: 'belt',
  summary: 'list the configs of the project folder, and say which have faults',
  description:
    'A line for each database in configs/ and remote-configs/: the two servers, the schema, and whether the file is ' +
    'without fault. Connects to no server, and runs no resolver: a config that is not fetched yet is called remote, with ' +
    'the module that will fetch it. Exit code 2 when a file has a fault.',
  examples: [
    { line: 'belt list', means: 'every database of every datacenter' },
    { line: 'belt list testdatacenter1 --json', means: 'one datacenter, for a program' },
  ],
  arguments: [{ name: '[dc]', description: 'datacenter: a folder in configs/; every datacenter when left out' }],
  options: { json: flag('--json', 'print the result as JSON on stdout') },
  result: async () => (await import('../../results/list.js')).listSchema,
  load: () => import('./list.js'),
});

const completion = definePlainCommand({
  name: 'completion',
  group: 'belt',
  summary: 'print the script by which a shell completes commands, options and names',
  description:
    'Prints the script by which a shell completes commands, options, datacenters and databases at Tab. ' +
    'bash: put eval "$(belt completion bash)" into ~/.bashrc. ' +
    'zsh: put eval "$(belt completion zsh)" into ~/.zshrc, below the line with compinit. ' +
    'fish: write it to ~/.config/fish/completions/belt.fish. The script asks belt at every Tab, so it needs no renewal.',
  examples: [
    { line: 'belt completion bash >> ~/.bashrc', means: 'bash; then open a new shell' },
    { line: 'belt completion fish > ~/.config/fish/completions/belt.fish', means: 'fish' },
  ],
  arguments: [
    { name: '<bash|zsh|fish>', description: 'the shell' },
    { name: '[words...]', description: 'what the script asks: what may stand in place of the last of these words' },
  ],
  options: {},
  load: () => import('./completion.js'),
});

export const projectCommands = { list, schema, completion } satisfies Record<string, CommandSpec>;
