import { printableLines } from '../printable.js';
import { redactorOf, type Redactor } from '../redact.js';
import type { ResolverOutcome } from './resolver.js';
import type { ThreadError } from './resolver-thread.js';

/** What went wrong with a resolver, in words. */
export interface ResolverProblem {
  /** For programs: `not-found`, `threw`, `late` ... */
  readonly kind: string;
  /** Completes the sentence "the resolver X ...". */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** An error's message that goes on and on is some document that the resolver got, rather than a reason. */
const LONGEST_MESSAGE = 500;

/**
 * What went wrong with a resolver; undefined when it gave something.
 * @param redact what is known to be secret here: see `resolverRedactor`
 */
export function problemOf(outcome: ResolverOutcome, redact: Redactor): ResolverProblem | undefined {
  const { kind } = outcome;
  switch (kind) {
    case 'resolved':
      if (outcome.json !== undefined) return undefined;
      return {
        kind: 'nothing',
        message: 'gave nothing',
        hint: 'Let it return the side: an object with host, port, db and users.',
      };
    case 'not-json':
      return {
        kind,
        message: 'gave something that JSON cannot hold',
        hint: 'Let it return a plain object of texts and numbers: no BigInt, and nothing that refers to itself.',
      };
    case 'not-found': {
      const path = outcome.path === undefined ? '' : ` at ${outcome.path}`;
      return {
        kind,
        message: `is not there${path}: ${outcome.reason}`,
        hint: 'Name the path of an ES module from the project folder, such as "./resolvers/aws.mjs", or an installed package.',
      };
    }
    case 'not-loaded':
      return {
        kind,
        message: `cannot be loaded: ${errorWords(outcome.error, redact)}`,
        hint:
          outcome.error.name === 'SyntaxError'
            ? 'node --check FILE shows the line. An ES module is called .mjs, or .js below a package.json with "type": "module".'
            : 'It must be an ES module that this Node.js can load, with all that it imports. Try it with: node FILE',
      };
    case 'no-export': {
      const found = outcome.exports.length === 0 ? 'nothing' : outcome.exports.join(', ');
      return {
        kind,
        message: `exports no function as its default or as "resolve", but ${found}`,
        hint: 'Begin it with: export default async function ({ dc, db, side, config, signal }) {',
      };
    }
    case 'threw':
      return {
        kind,
        message: `failed: ${errorWords(outcome.error, redact)}`,
        hint: 'Put right what it says, and run the command again.',
      };
    case 'ended':
      return {
        kind,
        message: `gave no answer: ${printableLines(shortened(redact(outcome.reason)))}`,
        hint: 'Let it return the side, await all that it begins, and throw an Error when it cannot go on.',
      };
    case 'late':
      return {
        kind,
        message: `gave no answer within ${String(outcome.seconds)} s`,
        hint: 'See whether what it asks can be reached from here. It can hand its "signal" to whatever may wait.',
      };
  }
}

/**
 * Hides what is known to be secret when a resolver fails, besides all that looks like a password: the texts that are
 * called like secrets in what is handed in, and in the environment.
 * @param known objects that may hold secrets: the configurations of resolvers, what other resolvers gave
 */
export function resolverRedactor(
  known: readonly unknown[],
  variables: Readonly<Record<string, string | undefined>>,
): Redactor {
  const texts = (value: unknown, key: string): string[] => {
    if (typeof value === 'string') return SECRET_NAME.test(key) ? [value] : [];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([inner, one]) => texts(one, inner));
  };
  const redact = redactorOf([...known, variables].flatMap((object) => texts(object, '')));
  return (text) => redact(text).replace(NAMED_SECRET, '$1***');
}

const SECRET_NAME = /pass|pw$|pwd|secret|token|credential|private|(?:api|access)_?key/i;
/** `"password": "..."`, `pw='...'`, `SecretString: ...`: up to the closing quote, or else to the next space. */
const NAMED_SECRET =
  /((?:pass(?:word|wd|phrase)?|\bpw|pwd|secret\w*|token)["']?\s*[:=]\s*)(?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|[^\s,;}]+)/gi;

function errorWords({ name, message, code }: ThreadError, redact: Redactor): string {
  const kind = name === '' || name === 'Error' ? '' : `${name}: `;
  const suffix = code === undefined || message.includes(code) ? '' : ` (${code})`;
  return `${kind}${printableLines(shortened(redact(withoutQuotes(name, message))))}${suffix}`;
}

/** JSON.parse quotes the text that it cannot read, which may be the very secret that a resolver got. */
function withoutQuotes(name: string, message: string): string {
  if (name !== 'SyntaxError' || !message.includes('JSON')) return message;
  return message.replace(/".*"/s, '"***"').replace(/token '.+?'/su, 'token');
}

function shortened(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text;
}
