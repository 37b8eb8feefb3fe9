import { widthOf } from './width.js';

/** Spaces between two columns of a table. */
const GAP = 2;

/** A cell this short is a figure or a name, which is hard to read when it is broken. */
const SHORT = 16;

/**
 * How wide a table's columns may be, so that it fits: the widest ones are narrowed first, none below its longest word.
 * @param head the titles
 * @param rows the cells
 * @param columns what the terminal has
 * @param breakShort whether short cells may be broken too
 * @returns the width of each column, or undefined when the table does not fit
 */
export function fitColumns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
  breakShort: boolean,
): number[] | undefined {
  const longestWord = (cell: string): number => Math.max(...cell.split(' ').map(widthOf));
  const leastOf = (cell: string): number => (!breakShort && widthOf(cell) <= SHORT ? widthOf(cell) : longestWord(cell));
  const widest = (measure: (cell: string) => number, title: (cell: string) => number): number[] =>
    head.map((one, at) => Math.max(title(one), ...rows.map((row) => measure(row[at] ?? ''))));
  const widths = widest(widthOf, widthOf);
  const least = widest(leastOf, longestWord);
  const total = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0) + GAP * (head.length - 1);
  if (total(least) > columns) return undefined;
  while (total(widths) > columns) {
    const spare = widths.map((width, at) => (width > (least[at] ?? 0) ? width : 0));
    const at = spare.indexOf(Math.max(...spare));
    widths[at] = (widths[at] ?? 0) - 1;
  }
  return widths;
}

/**
 * A text in lines of at most so many columns, broken at spaces; a longer word stays whole.
 * @param columns null for no limit
 * @param indent before every line but the first
 */
export function wrapText(text: string, columns: number | null, indent = ''): string {
  if (columns === null) return text;
  const lines: string[] = [];
  const [first = '', ...words] = text.split(' ');
  let line = first;
  for (const word of words) {
    if (line.trim() !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = indent + word;
    } else line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
