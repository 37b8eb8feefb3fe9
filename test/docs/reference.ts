import type { Command, Option } from 'commander';
import { z } from 'zod';
import type { CommandSpec } from '../../src/commands/define.js';
import { configJsonSchema } from '../../src/config/schema.js';
import { buildProgram } from '../../src/program.js';
import { registry } from '../../src/registry.js';

/** The parts of README.md that are written out of the code: every command with its options, and every config key. */

const LINE = 118;

/**
 * Puts the generated parts into a README, each between its marks `<!-- NAME: ... -->` and `<!-- /NAME -->`.
 * @throws Error when a pair of marks is not there exactly once
 */
export function withGeneratedParts(readme: string): string {
  const parts = { commands: commandsPart(), config: configPart() };
  return Object.entries(parts).reduce((text, [name, part]) => {
    const marks = new RegExp(`(<!-- ${name}: [^>]*-->\n)[^]*?(<!-- /${name} -->)`, 'g');
    const found = text.match(marks)?.length ?? 0;
    if (found !== 1) throw new Error(`README.md has the marks of "${name}" ${found} times`);
    return text.replace(marks, (_, start: string, end: string) => `${start}\n${part}\n\n${end}`);
  }, readme);
}

/** The command line without anything behind it: each command as commander knows it. */
export function emptyProgram(): Command {
  return buildProgram(registry, '0.0.0', { runPairs: () => Promise.resolve(), runPlain: () => Promise.resolve() });
}

function commandsPart(): string {
  const commands = new Map(emptyProgram().commands.map((command) => [command.name(), command]));
  const entries = registry.flatMap((spec) => {
    const command = commands.get(spec.name);
    return command === undefined ? [] : [{ spec, command }];
  });
  const pairs = entries.filter(({ spec }) => spec.kind === 'pairs');
  const shared = new Map(pairs.flatMap(({ spec, command }) => sharedOptions(spec, command)).map((o) => [o.flags, o]));
  const everywhere = (option: Option): boolean =>
    pairs.every(({ command }) => command.options.some(({ flags }) => flags === option.flags));
  return [
    'Arguments and options of every command that works on databases:',
    table(
      ['argument or option', 'meaning'],
      [
        ...(pairs[0]?.command.registeredArguments ?? []).map((one) => [
          code(one.required ? `<${one.name()}>` : `[${one.name()}]`),
          sentence(one.description),
        ]),
        ...[...shared.values()].map((option) => {
          const only = everywhere(option) ? '' : ' Only commands that change something have it.';
          return [code(option.flags), `${optionText(option)}${only}`];
        }),
        [code('-h, --help'), 'Print help.'],
      ],
    ),
    ...entries.map(({ spec, command }) => commandPart(spec, command)),
  ].join('\n\n');
}

/** Those that program.ts adds, rather than the command's own. */
function sharedOptions(spec: CommandSpec, command: Command): Option[] {
  return command.options.filter((option) => !Object.hasOwn(spec.options, option.attributeName()));
}

function commandPart(spec: CommandSpec, command: Command): string {
  const own = command.options.filter((option) => Object.hasOwn(spec.options, option.attributeName()));
  const rows = [
    ...(spec.kind === 'plain' ? spec.arguments.map((one) => [code(one.name), sentence(one.description)]) : []),
    ...own.map((option) => [code(option.flags), optionText(option)]),
  ];
  const words = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [
    `### ${spec.name}`,
    code(['belt', spec.name, ...words, '[options]'].join(' ')),
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

/** The JSON Schema of a config's part, as far as it is shown. */
interface Part {
  readonly description?: string | undefined;
  readonly properties?: Readonly<Record<string, Part>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly anyOf?: readonly Part[] | undefined;
}

const partSchema: z.ZodType<Part> = z.lazy(() =>
  z.object({
    description: z.string().optional(),
    properties: z.record(z.string(), partSchema).optional(),
    required: z.array(z.string()).optional(),
    anyOf: z.array(partSchema).optional(),
  }),
);

/** One table for the file, and one for its sides, which have the same keys. */
function configPart(): string {
  const whole = partSchema.parse(configJsonSchema());
  const side = objectIn(whole.properties?.['src']);
  if (side === undefined) throw new Error('the JSON Schema of the config has no object for "src"');
  return [
    'The file:',
    keysTable(whole),
    'Each of `src` and `dst`. A user is an object with `name` and `pw`:',
    keysTable(side),
  ].join('\n\n');
}

function objectIn(part: Part | undefined): Part | undefined {
  return part?.properties === undefined ? part?.anyOf?.find(({ properties }) => properties !== undefined) : part;
}

function keysTable({ properties = {}, required = [] }: Part): string {
  return table(
    ['key', 'needed', 'what it is'],
    Object.entries(properties).map(([key, { description = '' }]) => [
      code(key),
      required.includes(key) ? 'yes' : '',
      description,
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** As a sentence that Markdown shows as it stands. */
function sentence(text: string): string {
  const [first = '', ...rest] = escaped(text);
  return `${first.toUpperCase()}${rest.join('')}${text.endsWith('.') ? '' : '.'}`;
}

function escaped(text: string): string {
  return text.replace(/[<*_]/g, '\\$&');
}

/** Cut into lines, as the rest of the file is. */
function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > LINE) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}
