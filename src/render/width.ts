import { stripVTControlCharacters } from 'node:util';

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NONE = /^(?:\p{Mn}|\p{Me}|\p{Cf})$/u;

/** The columns that a terminal gives a character: two to East Asian scripts and emoji, none to what goes onto the one before. */
export function charWidth(char: string): 0 | 1 | 2 {
  if (WIDE.test(char)) return 2;
  return NONE.test(char) ? 0 : 1;
}

/** What a text takes on a terminal, in columns; colours take none. */
export function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).reduce((sum, char) => sum + charWidth(char), 0);
}

/** A text without colours in at most so many columns, its end cut off. */
function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let cut = '';
  let left = columns - 1;
  for (const char of text) {
    left -= charWidth(char);
    if (left < 0) break;
    cut += char;
  }
  return columns < 1 ? '' : `${cut}…`;
}

/** A text in exactly so many columns: cut off, or filled with spaces. */
export function padTo(text: string, columns: number): string {
  const cut = cutTo(text, columns);
  return cut + ' '.repeat(Math.max(0, columns - widthOf(cut)));
}
