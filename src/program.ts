import { Command, InvalidArgumentError, Option } from 'commander';
import { nearest } from './nearest.js';
import {
  GROUPS,
  optionsOf,
  type CommandSpec,
  type OptionSpec,
  type PairCommandSpec,
  type PlainCommandSpec,
} from './commands/define.js';

/** What the program calls when a command line is understood. */
export interface Handlers {
  runPairs(spec: PairCommandSpec, call: PairCall): Promise<void>;
  runPlain(spec: PlainCommandSpec, args: readonly string[], options: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface PairCall {
  readonly dc: string;
  readonly db: string | undefined;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly concurrency: number;
  /** The command's own options. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Builds the command line out of the commands' specs: arguments and the common options are declared once, here. */
export function buildProgram(registry: readonly CommandSpec[], version: string, handlers: Handlers): Command {
  const program = new Command('belt')
    .description('Moves a live PostgreSQL database to another server with pglogical, in seconds of downtime.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .showHelpAfterError('(belt help lists the commands; belt help <command> shows one with an example)')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      '\nStart in your migration project folder: configs/<dc>/<db>/config.json. First command: belt precheck <dc>',
    );
  for (const spec of registry) program.addCommand(buildCommand(spec, handlers).copyInheritedSettings(program));
  program.addCommand(buildHelp(program));
  return program;
}

/** In place of commander's own, which prints the whole help and no message when there is no such command. */
function buildHelp(program: Command): Command {
  const help = new Command('help')
    .argument('[command]')
    .summary('print help for a command')
    .helpGroup(GROUPS.belt)
    .copyInheritedSettings(program);
  return help.helpOption(false).action((name: string | undefined) => {
    const command = name === undefined ? program : program.commands.find((one) => one.name() === name);
    if (command !== undefined) {
      command.outputHelp();
      return;
    }
    const meant = nearest(
      name ?? '',
      program.commands.map((one) => one.name()),
    );
    program.error(`error: unknown command '${name ?? ''}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`);
  });
}

function buildCommand(spec: CommandSpec, handlers: Handlers): Command {
  const command = new Command(spec.name)
    .summary(spec.summary)
    .description(spec.description)
    .helpGroup(GROUPS[spec.group])
    .helpOption('-h, --help', 'print help');
  command.addHelpText('after', examplesText(spec));
  if (spec.kind === 'pairs') addPairArguments(command, spec);
  else for (const argument of spec.arguments) command.argument(argument.name, argument.description);
  for (const [name, option] of Object.entries(optionsOf(spec))) command.addOption(buildOption(name, option));
  command.action(async (...received: unknown[]) => {
    const values = command.opts<Record<string, unknown>>();
    if (spec.kind === 'plain') {
      await handlers.runPlain(spec, command.args, values);
      return;
    }
    const [dc, db] = received as [string, string | undefined];
    const {
      json,
      dryRun = false,
      concurrency = 1,
      ...options
    } = values as { json: boolean; dryRun?: boolean; concurrency?: number };
    await handlers.runPairs(spec, { dc, db, json, dryRun, concurrency, options });
  });
  return command;
}

function addPairArguments(command: Command, spec: PairCommandSpec): void {
  command.argument('<dc>', 'datacenter: a folder in configs/');
  if (spec.oneDatabase === true) command.argument('<db>', 'database: a folder in configs/<dc>/');
  else command.argument('[db]', 'database: a folder in configs/<dc>/; every database of the datacenter when left out');
}

/** The option as commander wants it; the name under which `run` gets it is checked against the flags. */
function buildOption<T>(name: string, spec: OptionSpec<T>): Option {
  const option = new Option(spec.flags, spec.description);
  if (option.attributeName() !== name) throw new Error(`option ${spec.flags} is declared as "${name}"`);
  const { defaultValue, defaultText, preset, mandatory, parse } = spec as unknown as OptionSpec<unknown>;
  if (preset !== undefined) option.preset(preset);
  if (mandatory === true) option.makeOptionMandatory();
  if (typeof defaultValue === 'boolean') {
    if (!option.negate) option.default(defaultValue, 'off');
  } else if (Array.isArray(defaultValue)) option.default(defaultValue, 'none');
  else if (defaultValue !== undefined) option.default(defaultValue, defaultText);
  if (parse !== undefined) {
    option.argParser((given: string, previous: unknown) => {
      try {
        return parse(given, previous);
      } catch (error) {
        throw new InvalidArgumentError(error instanceof Error ? `It ${error.message}.` : String(error));
      }
    });
  }
  return option;
}

/** The examples below a command's help. */
function examplesText(spec: CommandSpec): string {
  const lines = spec.examples.flatMap(({ line, means }) => [`  ${line}`, `      ${means}`]);
  return `\n${spec.examples.length > 1 ? 'Examples' : 'Example'}:\n${lines.join('\n')}`;
}
