import { CHECKS, type CheckConnectivityFields } from '../../results/check-connectivity.js';
import type { Envelope } from '../../results/envelope.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

const HEAD = [
  'database',
  'src port',
  'src root',
  'src owner',
  'src -> dst',
  'dst port',
  'dst root',
  'dst owner',
  'dst -> src',
];

/** A row per database, a column per check. Why one failed is told with the errors. */
export function render(envelope: Envelope<CheckConnectivityFields>, style: Style): string {
  const { chalk } = style;
  const word = (ok: boolean | undefined): string => {
    if (ok === undefined) return '';
    return ok ? chalk.green('ok') : chalk.red('failed');
  };
  const rows = envelope.results.map((row) =>
    row.all_ok === undefined ? [row.db, chalk.red('failed')] : [row.db, ...CHECKS.map((check) => word(row[check]))],
  );
  return renderTable(HEAD, rows, style);
}
