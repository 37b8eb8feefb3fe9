import { definePlainCommand, flag, text, type CommandSpec } from '../define.js';

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

const init = definePlainCommand({
  name: 'init',
  group: 'belt',
  summary: 'write the config of a database, by asking or from options',
  description:
    'Writes configs/<dc>/<db>/config.json, which you alone may read. On a terminal it asks for what the options do not ' +
    'say; elsewhere it lists all that is missing. Passwords are typed unseen, or named as environment variables, and ' +
    'never stand in options, where other users of the machine could see them. The password of the pglogical user is made ' +
    'up, or taken from another config of the project that has the same server. Connects to no server. A config that is ' +
    'there already stays as it is, unless --force is given.',
  examples: [
    { line: 'belt init testdatacenter1 database1', means: 'ask for everything' },
    {
      line:
        'belt init testdatacenter1 database1 --src postgres://root@old.example.com/shop --src-owner shop_owner ' +
        "--src-root-pw-env SRC_ROOT --src-owner-pw-env SRC_OWNER --dst 'postgres://root@new.example.com/shop?sslmode=require' " +
        '--dst-root-pw-env DST_ROOT --dst-owner-pw-env DST_OWNER',
      means: 'ask nothing',
    },
  ],
  arguments: [
    { name: '<dc>', description: 'datacenter: any name that groups databases' },
    { name: '<db>', description: 'database: any name; need not be its name on the servers' },
  ],
  options: {
    src: text('--src <url>', 'the source: postgres://USER@HOST:PORT/DATABASE, with the root user and no password'),
    srcOwner: text('--src-owner <name>', 'the role that owns the tables on the source'),
    srcRootPwEnv: text('--src-root-pw-env <variable>', "environment variable with the source's root password"),
    srcOwnerPwEnv: text('--src-owner-pw-env <variable>', "environment variable with the source's owner password"),
    dst: text('--dst <url>', 'the destination, in the same form'),
    dstOwner: text('--dst-owner <name>', "the owner on the destination; the source's when left out"),
    dstRootPwEnv: text('--dst-root-pw-env <variable>', "environment variable with the destination's root password"),
    dstOwnerPwEnv: text('--dst-owner-pw-env <variable>', "environment variable with the destination's owner password"),
    schema: text('--schema <name>', 'the schema that moves, or "*" for all; public when left out'),
    force: flag('--force', 'write the config anew if there is one'),
  },
  load: () => import('./init.js'),
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

export const projectCommands = { init, list, schema, completion } satisfies Record<string, CommandSpec>;
