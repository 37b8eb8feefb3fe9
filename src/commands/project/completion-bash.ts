import type { Candidate } from './completion-candidates.js';

/** A word of a command line in bash. */
interface Word {
  /** Without quotes. */
  readonly value: string;
  /** The quote in which the line ends, if this is the last word and one is open. */
  readonly open: '' | "'" | '"';
  /** How much of `value` readline leaves alone: up to the open quote, or to the last unquoted character that breaks words. */
  readonly kept: number;
}

/**
 * The lines that bash puts in place of the word at the cursor, quoted as the word is.
 * @param line the command line up to the cursor
 * @param breaks bash's COMP_WORDBREAKS: readline replaces only what stands behind the last of them
 * @param complete gives the candidates for words, the command's own name left out
 */
export async function bashReplies(
  line: string,
  breaks: string,
  complete: (words: readonly string[]) => Promise<readonly Candidate[]>,
): Promise<string[]> {
  const words = split(line, breaks);
  const last = words.at(-1);
  if (words.length < 2 || last === undefined) return [];
  const found = await complete(words.slice(1).map(({ value }) => value));
  return found
    .filter(({ value }) => value.startsWith(last.value))
    .map(({ value }) => quoted(value.slice(last.kept), last.open));
}

/** Takes a line apart as bash does, but for what is expanded: that stays as it is typed. */
function split(line: string, breaks: string): Word[] {
  const words: Word[] = [];
  let value = '';
  let begun = false;
  let open: Word['open'] = '';
  let kept = 0;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    const next = line.charAt(at + 1);
    if (open === '' && /\s/.test(char)) {
      if (begun) words.push({ value, open, kept });
      [value, begun, kept] = ['', false, 0];
      continue;
    }
    begun = true;
    if (open === '' && (char === "'" || char === '"')) {
      open = char;
      kept = value.length;
    } else if (char === open) open = '';
    else if (char === '\\' && (open === '' || (open === '"' && /["\\$`]/.test(next)))) {
      value += next;
      at += 1;
    } else {
      value += char;
      if (open === '' && breaks.includes(char)) kept = value.length;
    }
  }
  return [...words, { value, open, kept }];
}

function quoted(text: string, open: Word['open']): string {
  if (open === "'") return text.replaceAll("'", String.raw`'\''`);
  if (open === '"') return text.replace(/["\\$`]/g, String.raw`\$&`);
  return text.replace(/[^\w@%+=:,./\u0080-\u{10ffff}-]/gu, String.raw`\$&`);
}
