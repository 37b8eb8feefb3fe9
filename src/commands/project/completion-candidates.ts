import { listDatabases, listDatacenters } from '../../config/discover.js';
import { hasJson, optionsOf, type CommandSpec } from '../define.js';

/** What may stand in place of a word, whatever the shell. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

const HELP: Candidate = { value: '--help', description: 'print help' };

/**
 * What may stand in place of the last word, whether it begins so or not. Never throws: where there is nothing to be
 * found, nothing is offered.
 * @param words what follows `belt` on the command line, without the shell's quotes; the last may be empty
 * @param cwd the migration project folder, for the names of datacenters and databases
 */
export async function candidates(
  words: readonly string[],
  registry: readonly CommandSpec[],
  cwd: string,
): Promise<Candidate[]> {
  const last = words.at(-1) ?? '';
  const [name, ...before] = words.slice(0, -1);
  const commands = registry.map((spec) => ({ value: spec.name, description: spec.summary }));
  const help = { value: 'help', description: 'print help for a command' };
  if (name === undefined) {
    return last.startsWith('-')
      ? [HELP, { value: '--version', description: 'print the version' }]
      : [...commands, help];
  }
  if (name === 'help') return before.length === 0 ? commands : [];
  const spec = registry.find((one) => one.name === name);
  if (spec === undefined) return [];
  const { positionals, awaited, onlyPositionals, used } = read(before, spec);
  if (awaited) return [];
  const options = onlyPositionals ? [] : optionCandidates(spec, used);
  if (last.startsWith('-') && !onlyPositionals) return options;
  const argument = argumentsOf(spec)[positionals.length];
  if (argument === undefined) return options;
  const found = await argumentCandidates(argument, positionals, registry, cwd).catch(() => []);
  // A name that would break the lines of the answer cannot be offered.
  // eslint-disable-next-line no-control-regex -- these are the characters
  return found.filter(({ value }) => !/[\u0000-\u001f]/.test(value));
}

interface OptionWords {
  /** `-e`, `--exclude-user`. */
  readonly names: readonly string[];
  readonly takesValue: boolean;
  readonly repeatable: boolean;
  readonly description: string;
}

function optionWords(spec: CommandSpec): OptionWords[] {
  return Object.values(optionsOf(spec)).map(({ flags, description, defaultValue }) => ({
    names: flags.split(/[ ,|]+/).filter((word) => word.startsWith('-')),
    takesValue: /[<[]/.test(flags),
    repeatable: Array.isArray(defaultValue),
    description,
  }));
}

/** What the words before the last say. */
function read(words: readonly string[], spec: CommandSpec) {
  const known = optionWords(spec);
  const positionals: string[] = [];
  const used = new Set<string>();
  let awaited = false;
  let onlyPositionals = false;
  for (const word of words) {
    if (awaited) awaited = false;
    else if (onlyPositionals || word === '-' || !word.startsWith('-')) positionals.push(word);
    else if (word === '--') onlyPositionals = true;
    else {
      const [flag = ''] = word.split('=');
      const option = known.find(({ names }) => names.includes(flag));
      option?.names.forEach((one) => used.add(one));
      awaited = option?.takesValue === true && !word.includes('=');
    }
  }
  return { positionals, awaited, onlyPositionals, used };
}

function optionCandidates(spec: CommandSpec, used: ReadonlySet<string>): Candidate[] {
  const own = optionWords(spec)
    .filter(({ names, repeatable }) => repeatable || !names.some((name) => used.has(name)))
    .map(({ names, description }) => ({ value: names.at(-1) ?? '', description }));
  return [...own, HELP];
}

/** The names of the arguments, without brackets: `dc`, `db`, `up|down`. */
function argumentsOf(spec: CommandSpec): string[] {
  if (spec.kind === 'pairs') return ['dc', 'db'];
  return spec.arguments.map(({ name }) => name.replace(/^[<[](.*)[>\]]$/, '$1'));
}

async function argumentCandidates(
  argument: string,
  [dc = '']: readonly string[],
  registry: readonly CommandSpec[],
  cwd: string,
): Promise<Candidate[]> {
  const plain = (names: readonly string[], description: string): Candidate[] =>
    names.map((value) => ({ value, description }));
  if (argument === 'dc') return plain(await listDatacenters(cwd), 'datacenter');
  if (argument === 'db') return plain(await listDatabases(cwd, dc), 'database');
  if (argument === 'command') {
    return registry.filter(hasJson).map((spec) => ({ value: spec.name, description: spec.summary }));
  }
  return argument.includes('|') ? plain(argument.split('|'), '') : [];
}
