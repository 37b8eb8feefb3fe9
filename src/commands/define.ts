import type { z } from 'zod';
import type { Ask } from '../ask.js';
import { parseBytes } from '../bytes.js';
import { parseDuration } from '../duration.js';
import { ACCEPTABLE, type AcceptableCode } from '../precheck/codes.js';
import type { BeltError } from '../errors.js';
import type { Environment } from '../environment.js';
import type { Pair } from '../pair/pair.js';
import type { Envelope, Row } from '../results/envelope.js';
import type { Style } from '../render/style.js';

/** An option of a command; `flags` in commander's form. The type parameter is what `run` receives. */
export interface OptionSpec<T> {
  readonly flags: string;
  readonly description: string;
  readonly defaultValue?: T;
  /** How the help writes the default, where the value itself says little. */
  readonly defaultText?: string;
  /** The text taken when an option with an optional value, `--watch [seconds]`, is given without it. */
  readonly preset?: string;
  /** Whether the command line is wrong without it. */
  readonly mandatory?: boolean;
  /** Turns the text given into the value; throws RangeError with what is wanted. */
  readonly parse?: (text: string, previous: T | undefined) => T;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec<never>>>;

/** The values that `run` receives, by the names under which the options are declared. */
export type OptionsOf<O> = { readonly [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never };

/** A switch: `--dry-run`, or `--no-schema` (true unless given). */
export function flag(flags: string, description: string): OptionSpec<boolean> {
  return { flags, description, defaultValue: flags.includes('--no-') };
}

/** An option that may be given several times. */
export function list(flags: string, description: string): OptionSpec<readonly string[]> {
  return { flags, description, defaultValue: [], parse: (text, previous) => [...(previous ?? []), text] };
}

/** An option with one text, or undefined. */
export function text(flags: string, description: string): OptionSpec<string | undefined> {
  return { flags, description };
}

/** A size such as `50MB`, in bytes, or undefined. A speed is one too: `50MB/s`. */
export function size(flags: string, description: string): OptionSpec<number | undefined> {
  const parse = (given: string): number => {
    const bytes = parseBytes(given.replace(/\/s$/, ''));
    if (bytes === null || bytes === 0) throw new RangeError('wants a size such as 50MB or 1.5GB');
    return bytes;
  };
  return { flags, description, parse };
}

/** A speed such as `50MB/s`, in bytes per second, or undefined; `none` for no limit, Infinity. */
export function speed(flags: string, description: string): OptionSpec<number | undefined> {
  const { parse } = size(flags, description);
  return {
    flags,
    description,
    parse: (given, previous) => (given === 'none' ? Infinity : parse?.(given, previous)),
  };
}

/** A whole number within bounds, or undefined: what is taken then the description says. */
export function integerIfGiven(
  flags: string,
  description: string,
  { min, max }: { min: number; max: number },
): OptionSpec<number | undefined> {
  return { flags, description, parse: wholeNumber(min, max) };
}

/** A whole number within bounds. */
export function integer(
  flags: string,
  description: string,
  { min, max, defaultValue }: { min: number; max: number; defaultValue: number },
): OptionSpec<number> {
  return { flags, description, defaultValue, parse: wholeNumber(min, max) };
}

/** A whole number within bounds that may be left out, `--watch [seconds]`: `preset` then; undefined without the option. */
export function optionalInteger(
  flags: string,
  description: string,
  { min, max, preset }: { min: number; max: number; preset: number },
): OptionSpec<number | undefined> {
  return { flags, description, preset: String(preset), parse: wholeNumber(min, max) };
}

function wholeNumber(min: number, max: number): (given: string) => number {
  return (given) => {
    const value = Number(given);
    if (!/^\d+$/.test(given) || value < min || value > max) {
      throw new RangeError(`wants a whole number from ${String(min)} to ${String(max)}`);
    }
    return value;
  };
}

/** A duration such as `30s`, `10m`, `1h`, `2d` or `1h30m`; the value is in milliseconds. */
export function duration(flags: string, description: string, defaultText: string): OptionSpec<number> {
  const parse = (given: string): number => {
    const value = parseDuration(given);
    if (value === undefined) throw new RangeError('wants a duration such as 30s, 10m, 1h, 2d or 1h30m, up to 20d');
    return value;
  };
  return { flags, description, defaultValue: parse(defaultText), defaultText, parse };
}

/** One of some words, which must be given where there is no default. */
export function choice<const Word extends string>(
  flags: string,
  description: string,
  words: readonly Word[],
  defaultValue?: NoInfer<Word>,
): OptionSpec<Word> {
  const parse = (given: string): Word => {
    const word = words.find((one) => one === given);
    if (word === undefined) throw new RangeError(`wants one of ${words.join(', ')}`);
    return word;
  };
  const spec = { flags, description: `${description}: ${words.join(', ')}`, parse };
  return defaultValue === undefined ? { ...spec, mandatory: true } : { ...spec, defaultValue };
}

/** Options of the commands that leave some of the source's roles alone. */
export const exclusionOptions = {
  excludeUser: list('-e, --exclude-user <name>', 'leave this role alone (may be given several times)'),
  excludePattern: list(
    '-p, --exclude-pattern <pattern>',
    'leave roles alone whose names are LIKE this pattern (several times)',
  ),
};

/** The findings of precheck that a person accepts: codes, several in one word with commas between. */
export const accept: OptionSpec<readonly AcceptableCode[]> = {
  flags: '--accept <codes>',
  description: 'go on in spite of these findings of precheck, by their codes (several times, or with commas)',
  defaultValue: [],
  parse: (given, previous) => {
    const codes = given.split(',').map((code) => {
      const known = ACCEPTABLE.find((one) => one === code.trim());
      if (known === undefined)
        throw new RangeError(`wants codes of findings that can be accepted: ${ACCEPTABLE.join(', ')}`);
      return known;
    });
    return [...new Set([...(previous ?? []), ...codes])];
  },
};

/** An option of the commands that load the schema. */
export const createRoles = flag(
  '--create-roles',
  'make the roles that the schema names and the destination lacks: NOLOGIN, no password, with their memberships',
);

export const noExtensions = flag(
  '--no-extensions',
  "refuse, before anything is changed, where the destination lacks one of the source's extensions",
);

/** What `run` gives: the command's own fields of the row, and an error when a check found something. */
export interface Outcome<Fields extends object> {
  readonly fields: Fields;
  readonly error?: BeltError | undefined;
}

/** The part of a command that does the work; loaded only when the command runs. */
export interface CommandModule<Options, Fields extends object> {
  /** Does the command for one database. Prints nothing. */
  run(pair: Pair, options: Options): Promise<Outcome<Fields>>;
}

/** The part of a command that shows its result to a person; loaded only when there is no --json. */
export interface TableModule<Fields extends object> {
  readonly render: (envelope: Envelope<Fields>, style: Style) => string;
}

/** Remembers the looks at one database, and adds to each what only several looks can tell. */
export type Follower<Fields extends object> = (fields: Fields, atMs: number) => Fields;

/** What a command that is watched shows; loaded only then. */
export interface WatchView<Fields extends object> {
  /** All databases, as a picture for a terminal that is drawn anew at each look. */
  readonly picture: (envelope: Envelope<Fields>, style: Style) => string;
  /** What is new about a database since what was told of it last: a line each, without its name; none when nothing is. */
  readonly news: (before: Row<Fields> | undefined, now: Row<Fields>) => readonly string[];
}

/** How a command is watched: run again and again, on connections that are kept. Such a command only looks. */
export interface WatchSpec<O, Fields extends object> {
  /** Seconds between two looks; undefined when the person wants but one. */
  readonly seconds: (options: OptionsOf<O>) => number | undefined;
  /** Makes a follower for one database. */
  readonly follow: () => Promise<{ readonly follow: () => Follower<Fields> }>;
  readonly view: () => Promise<WatchView<Fields>>;
}

/** The headings under which the help lists the commands, in their order. */
export const GROUPS = {
  prepare: 'Prepare:',
  replicate: 'Replicate:',
  cutover: 'Cut over, or roll back:',
  watch: 'Watch and mend:',
  schema: 'Schema, step by step:',
  data: 'Data, step by step:',
  start: 'Start over, or clean up:',
  belt: 'Around belt:',
} as const;

interface CommonSpec {
  readonly name: string;
  readonly group: keyof typeof GROUPS;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What it does, when to use it, what it changes. */
  readonly description: string;
  readonly examples: readonly { readonly line: string; readonly means: string }[];
}

/** A command that works on one database pair, or on every one of a datacenter. */
export interface PairCommandSpec<O = OptionSpecs, Fields extends object = object> extends CommonSpec {
  readonly kind: 'pairs';
  /** The sides that must be in the config. */
  readonly needs: 'src' | 'dst' | 'both';
  /** Whether, with --force, it goes on with one side when the other's server does not answer. */
  readonly forceWithOneSide?: boolean;
  /** Whether the database must be named; else the command runs on every one of the datacenter when it is left out. */
  readonly oneDatabase?: boolean;
  /** What to do after it, for a person at a terminal; `{target}` stands for the datacenter and database given. */
  readonly next?: string;
  /**
   * Whether it changes a server, or with which options it does: then it locks the pair against a second belt. Such commands
   * have --dry-run.
   */
  readonly changes: boolean | ((options: OptionsOf<O>) => boolean);
  /** With which options it is left running in the background. */
  readonly detaches?: (options: OptionsOf<O>) => boolean;
  /** With which options it only looks on while something else works: to leave is no failure then. */
  readonly looksOn?: (options: OptionsOf<O>) => boolean;
  /** How many databases are at work at once unless told otherwise; 8 when left out. */
  readonly concurrency?: number;
  readonly watch?: WatchSpec<O, Fields>;
  readonly options: O;
  /** The schema of the command's own fields in a row of the JSON. */
  readonly result: () => Promise<z.ZodObject & z.ZodType<Fields>>;
  readonly load: () => Promise<CommandModule<OptionsOf<O>, Fields>>;
  readonly table: () => Promise<TableModule<Fields>>;
}

/** A command about belt itself or the project folder: no database pair, its result is text. */
export interface PlainCommandSpec<O = OptionSpecs> extends CommonSpec {
  readonly kind: 'plain';
  /** In commander's form: `[command]`. `<dc>`, `<db>`, `<command>` and `<one|other>` can be completed by a shell. */
  readonly arguments: readonly { readonly name: string; readonly description: string }[];
  readonly options: O;
  /** The schema of the JSON, of a command that declares an option --json. */
  readonly result?: () => Promise<z.ZodType>;
  readonly load: () => Promise<{
    run(context: PlainContext, args: readonly string[], options: OptionsOf<O>): Promise<void>;
  }>;
}

export interface PlainContext {
  readonly environment: Environment;
  /** All commands, for those that tell about commands. */
  readonly registry: readonly CommandSpec[];
  /** Writes to stdout: the result and nothing else. */
  readonly print: (text: string) => void;
  /** Writes a line to stderr: progress. */
  readonly note: (text: string) => void;
  /** A table as text for a person, with a line end; names in the cells need not be printable. */
  readonly table: (head: readonly string[], rows: readonly (readonly string[])[]) => Promise<string>;
  /** Asks the person; null where there is no terminal, so that nobody could answer. */
  readonly ask: Ask | null;
  /** For a command that has printed its result, but found something wrong. */
  readonly setExitCode: (code: 1 | 2) => void;
}

export type CommandSpec = PairCommandSpec | PlainCommandSpec;

/** Whether a command has --json, and so a schema for it. */
export function hasJson(spec: CommandSpec): boolean {
  return spec.kind === 'pairs' || spec.result !== undefined;
}

/** The options of a command: those that every command of its kind has, then its own. */
export function optionsOf(spec: CommandSpec): OptionSpecs {
  if (spec.kind === 'plain') return spec.options;
  const shared = {
    json: flag('--json', 'print the result as JSON on stdout'),
    ...(spec.oneDatabase === true ? {} : { concurrency: concurrency(spec) }),
    ...(spec.changes !== false ? { dryRun: flag('--dry-run', 'print what would be done, change nothing') } : {}),
  };
  return { ...(shared as unknown as OptionSpecs), ...spec.options };
}

function concurrency({ concurrency: defaultValue = 8 }: PairCommandSpec): OptionSpec<number> {
  return integer('--concurrency <n>', 'databases at work at once', { min: 1, max: 100, defaultValue });
}

/** Declares a pair command, checking that the module takes the declared options. */
export function definePairCommand<O extends Readonly<Record<string, unknown>>, Fields extends object>(
  spec: Omit<PairCommandSpec<O, Fields>, 'kind'>,
): PairCommandSpec {
  return { kind: 'pairs', ...spec } as unknown as PairCommandSpec;
}

/** Declares a plain command. */
export function definePlainCommand<O extends Readonly<Record<string, unknown>>>(
  spec: Omit<PlainCommandSpec<O>, 'kind'>,
): PlainCommandSpec {
  return { kind: 'plain', ...spec } as unknown as PlainCommandSpec;
}
