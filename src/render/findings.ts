import type { Finding } from '../results/precheck.js';
import { wrapText } from './fit.js';
import type { Style } from './style.js';

const INDENT = ' '.repeat(6);
const SIDES = { src: 'source', dst: 'destination', belt: 'this machine' } as const;

/** How many of a kind are told of, and how many databases are named. */
const SHOWN = 4;

/** One finding, with all the databases and sides that have it. */
interface Shared {
  readonly one: Finding;
  readonly dbs: Set<string>;
  readonly sides: Set<string>;
}

/**
 * What was found, worst first. What several databases or both sides share stands there once; of many of one kind the first
 * few.
 * @param several whether to say which database each is of
 */
export function findingsText(
  findings: readonly (Finding & { readonly db: string })[],
  several: boolean,
  style: Style,
): string {
  const same = new Map<string, Shared>();
  for (const one of findings) {
    const key = JSON.stringify([one.severity, one.code, one.object, one.problem, one.remedy]);
    const known = same.get(key) ?? { one, dbs: new Set(), sides: new Set() };
    same.set(key, { one, dbs: known.dbs.add(one.db), sides: known.sides.add(SIDES[one.side]) });
  }
  const groups = new Map<string, Shared[]>();
  for (const shared of same.values()) {
    const key = JSON.stringify([shared.one.severity, shared.one.code, [...shared.dbs], [...shared.sides]]);
    groups.set(key, [...(groups.get(key) ?? []), shared]);
  }
  return [...groups.values()].map((group) => groupText(group, several, style)).join('\n');
}

function groupText(group: readonly Shared[], several: boolean, { chalk, columns }: Style): string {
  const [first] = group;
  if (first === undefined) return '';
  const { one, dbs, sides } = first;
  const marks = { fail: chalk.red.bold('FAIL'), warn: chalk.yellow.bold('warn'), note: chalk.dim('note') };
  const where = `${several ? `${few([...dbs])}: ` : ''}${[...sides].join(' and ')}: `;
  const texts = [...new Set(group.map((each) => each.one.problem))];
  const objects = group.map((each) => each.one.object);
  // Of one problem the objects are a list; of several each is a line.
  const heads =
    texts.length === 1
      ? [`${few(objects)}${objects.length > 1 ? ':' : ''} ${texts[0] ?? ''}`]
      : [`${group.length} findings:`, ...lines(group.map((each) => `${each.one.object} ${each.one.problem}`))];
  const [head = '', ...rest] = heads;
  const remedies = lines([...new Set(group.map((each) => each.one.remedy))]);
  return [
    wrapText(`${marks[one.severity]}  ${where}${head}  ${chalk.dim(`[${one.code}]`)}`, columns, INDENT),
    ...[...rest, ...remedies].map((line) => wrapText(INDENT + line, columns, INDENT)),
  ].join('\n');
}

function few(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function lines(texts: readonly string[]): string[] {
  const more = texts.length - SHOWN;
  return more > 0 ? [...texts.slice(0, SHOWN), `and ${more} more: --json has all`] : [...texts];
}
