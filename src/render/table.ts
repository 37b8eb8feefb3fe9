import Table from 'cli-table3';
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
 * A table as text, without a line end.
 * @param head the columns' titles
 * @param rows cells as text, styled or not; names and messages in them are printable already (cli.ts sees to it)
 */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[], style: Style): string {
  const table = new Table({
    head: head.map((title) => style.chalk.bold(title)),
    chars: CHARS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  // A short row would be drawn with an empty line below it.
  table.push(...rows.map((row) => head.map((_, column) => row[column] ?? '')));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
