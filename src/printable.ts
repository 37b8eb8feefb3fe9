/**
 * Names are data: a line break, an escape sequence or a change of writing direction in one must be shown, not obeyed, by
 * a terminal or by whatever shows a log.
 */

// eslint-disable-next-line no-control-regex -- control characters are what this is about
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line that is safe to show. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => SHORT[char] ?? escaped(char.charCodeAt(0)));
}

function escaped(code: number): string {
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}

/**
 * Lines that are safe to show: a message of a server or tool keeps its line breaks. Every line but the first is indented,
 * so that none can pass for a line of belt's own.
 */
export function printableLines(text: string, indent = '  '): string {
  return text.split('\n').map(printable).join(`\n${indent}`);
}

/** The first line of a text, and how many there are besides: for where there is but one. */
export function firstLine(text: string): string {
  const [first = '', ...rest] = text.split('\n');
  return rest.length === 0 ? first : `${first} (and ${String(rest.length)} more)`;
}

/** A copy of a value, every text in it printable. */
export function printableDeep<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => printableDeep(item)) as T;
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), printableDeep(inner)])) as T;
  }
  return value;
}
