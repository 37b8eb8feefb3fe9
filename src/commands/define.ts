import type { z } from 'zod';
import { parseBytes } from '../bytes.js';
import type { BeltError } from '../errors.js';
import type { Environment } from '../environment.js';
import type { Pair } from '../pair/pair.js';
import type { Envelope } from '../results/envelope.js';
import type { Style } from '../render/style.js';

/** An option of a command; `flags` in commander's form. The type parameter is what `run` receives. */
export interface OptionSpec<T> {
  readonly flags: string;
  readonly description: string;
  readonly defaultValue?: T;
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

/** One of some words. */
export function choice<T extends string>(
  flags: string,
  description: string,
  words: readonly T[],
  defaultValue: T,
): OptionSpec<T> {
  const parse = (given: string): T => {
    const word = words.find((one) => one === given);
    if (word === undefined) throw new RangeError(`wants one of ${words.join(', ')}`);
    return word;
  };
  return { flags, description: `${description}: ${words.join(' or ')}`, defaultValue, parse };
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

/** A whole number within bounds. */
export function integer(
  flags: string,
  description: string,
  { min, max, defaultValue }: { min: number; max: number; defaultValue: number },
): OptionSpec<number> {
  const parse = (given: string): number => {
    const value = Number(given);
    if (!/^\d+$/.test(given) || value < min || value > max) {
      throw new RangeError(`wants a whole number from ${String(min)} to ${String(max)}`);
    }
    return value;
  };
  return { flags, description, defaultValue, parse };
}

/** Options of the commands that leave some of the source's roles alone. */
export const exclusionOptions = {
  excludeUser: list('-e, --exclude-user <name>', 'leave this role alone (may be given several times)'),
  excludePattern: list(
    '-p, --exclude-pattern <pattern>',
    'leave roles alone whose names are LIKE this pattern (several times)',
  ),
};

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
  /** Whether the database must be named; else the command runs on every one of the datacenter when it is left out. */
  readonly oneDatabase?: boolean;
  /** What to do after it, for a person at a terminal; `{target}` stands for the datacenter and database given. */
  readonly next?: string;
  /** Whether it changes a server: such commands lock the pair against a second belt. */
  readonly changes: boolean;
  readonly options: O;
  /** The schema of the command's own fields in a row of the JSON. */
  readonly result: () => Promise<z.ZodObject & z.ZodType<Fields>>;
  readonly load: () => Promise<CommandModule<OptionsOf<O>, Fields>>;
  readonly table: () => Promise<TableModule<Fields>>;
}

/** A command about belt itself or the project folder: no database pair, its result is text. */
export interface PlainCommandSpec<O = OptionSpecs> extends CommonSpec {
  readonly kind: 'plain';
  /** In commander's form: `[command]`. */
  readonly arguments: readonly { readonly name: string; readonly description: string }[];
  readonly options: O;
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
}

export type CommandSpec = PairCommandSpec | PlainCommandSpec;

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
