import type { Command, Option } from 'commander';
import { GROUPS, type CommandSpec } from '../../src/commands/define.js';
import { buildProgram } from '../../src/program.js';
import { registry } from '../../src/registry.js';
import { code, escaped, sentence, table, wrapped } from './markdown.js';

interface Entry {
  readonly spec: CommandSpec;
  readonly command: Command;
}

/** The command line without anything behind it: each command as commander knows it. */
export function emptyProgram(): Command {
  return buildProgram(registry, '0.0.0', { runPairs: () => Promise.resolve(), runPlain: () => Promise.resolve() });
}

function entries(): Entry[] {
  const commands = new Map(emptyProgram().commands.map((command) => [command.name(), command]));
  return registry.flatMap((spec) => {
    const command = commands.get(spec.name);
    return command === undefined ? [] : [{ spec, command }];
  });
}

function groups(): (readonly [string, readonly Entry[]])[] {
  const all = entries();
  return Object.entries(GROUPS).map(
    ([group, title]) => [title.replace(/:$/, ''), all.filter(({ spec }) => spec.group === group)] as const,
  );
}

/** Every command in a line, with its options by name. */
export function commandsTable(): string {
  const parts = groups().flatMap(([title, members]) => [
    `**${title}**`,
    table(
      ['command', 'what it does', 'its own options'],
      members.map((entry) => [
        `[${code(`belt ${usage(entry)}`)}](docs/commands.md#${entry.spec.name})`,
        sentence(entry.spec.summary),
        ownOptions(entry)
          .map(({ flags }) => code(flags))
          .join(', '),
      ]),
    ),
  ]);
  return [...parts, 'Every command that works on databases also has:', sharedTable()].join('\n\n');
}

/** Every command with all there is to say about it. */
export function commandsPart(): string {
  return [
    'Arguments and options of every command that works on databases:',
    sharedTable(),
    ...groups().flatMap(([title, members]) => [`## ${title}`, ...members.map(commandPart)]),
  ].join('\n\n');
}

function sharedTable(): string {
  const pairs = entries().filter(({ spec }) => spec.kind === 'pairs');
  const shared = new Map(pairs.flatMap(sharedOptions).map((option) => [option.flags, option]));
  const everywhere = (option: Option): boolean =>
    pairs.every(({ command }) => command.options.some(({ flags }) => flags === option.flags));
  const only: Readonly<Record<string, string>> = {
    '--dry-run': ' Only commands that change something have it.',
    '--concurrency <n>': ' Not where a database must be named.',
  };
  const [first] = pairs.filter(({ spec }) => spec.kind === 'pairs' && spec.oneDatabase !== true);
  return table(
    ['argument or option', 'meaning'],
    [
      ...(first?.command.registeredArguments ?? []).map((one) => [
        code(one.required ? `<${one.name()}>` : `[${one.name()}]`),
        sentence(one.description),
      ]),
      ...[...shared.values()].map((option) => [
        code(option.flags),
        `${optionText(option)}${everywhere(option) ? '' : (only[option.flags] ?? '')}`,
      ]),
      [code('-h, --help'), 'Print help.'],
    ],
  );
}

/** Those that program.ts adds, rather than the command's own. */
function sharedOptions({ spec, command }: Entry): Option[] {
  return command.options.filter((option) => !Object.hasOwn(spec.options, option.attributeName()));
}

function ownOptions({ spec, command }: Entry): Option[] {
  return command.options.filter((option) => Object.hasOwn(spec.options, option.attributeName()));
}

function usage({ spec, command }: Entry): string {
  const words = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [spec.name, ...words].join(' ');
}

function commandPart(entry: Entry): string {
  const { spec } = entry;
  const rows = [
    ...(spec.kind === 'plain' ? spec.arguments.map((one) => [code(one.name), sentence(one.description)]) : []),
    ...ownOptions(entry).map((option) => [code(option.flags), optionText(option)]),
  ];
  return [
    `### ${spec.name}`,
    code(`belt ${usage(entry)} [options]`),
    wrapped(escaped(spec.description)),
    ...(rows.length === 0 ? [] : [table(['argument or option', 'meaning'], rows)]),
    ['```sh', ...spec.examples.flatMap(({ line, means }) => [`# ${means}`, line]), '```'].join('\n'),
  ].join('\n\n');
}

function optionText({ description, defaultValue, defaultValueDescription }: Option): string {
  const shown: unknown = defaultValueDescription ?? defaultValue;
  const silent = shown === undefined || shown === 'off' || shown === 'none';
  return `${sentence(description)}${silent ? '' : ` Default: ${JSON.stringify(shown)}.`}`;
}
