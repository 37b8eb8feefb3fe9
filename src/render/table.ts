import Table from 'cli-table3';
import { fitColumns } from './fit.js';
import type { Style } from './style.js';

/** Lines between the head and the rows only: easy to read, and easy to cut out of a terminal. */
const CHARS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  right: '',
  'right-mid': '',
  mid: '',
  'mid-mid': '',
  middle: '  ',
};

/**
 * A table as text, without a line end. On a terminal that is too narrow for it, long cells are broken between words; where
 * that does not help, it lies on its side, if it has few rows: a line for each column.
 * @param head the columns' titles
 * @param rows cells as text, styled or not; names and messages in them are printable already (main.ts sees to it)
 */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[], style: Style): string {
  const titles = head.map((title) => style.chalk.bold(title));
  // A short row would be drawn with an empty line below it.
  const cells = rows.map((row) => head.map((_, column) => row[column] ?? ''));
  const plain = [titles, ...cells];
  if (style.columns === null) return draw(plain);
  const fitted = fitColumns(titles, cells, style.columns, false);
  if (fitted !== undefined) return draw(plain, fitted);
  const turned = titles.map((title, column) => [title, ...cells.map((row) => row[column] ?? '')]);
  const [first = [], ...others] = turned;
  const turnedWidths = fitColumns(first, others, style.columns, false);
  if (turnedWidths !== undefined) return draw(turned, turnedWidths);
  return draw(plain, fitColumns(titles, cells, style.columns, true));
}

function draw(rows: readonly (readonly string[])[], widths?: readonly number[]): string {
  const table = new Table({
    chars: CHARS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    ...(widths === undefined ? {} : { colWidths: [...widths], wordWrap: true, wrapOnWordBoundary: true }),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
