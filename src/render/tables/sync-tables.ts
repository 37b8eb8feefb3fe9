import type { Envelope } from '../../results/envelope.js';
import type { SyncTablesFields } from '../../results/sync-tables.js';
import { formatDuration } from '../progress.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';
import { isPlan, render as renderSteps } from './steps.js';

/** A row per table: whether it was copied, and if not, why. */
export function render(envelope: Envelope<SyncTablesFields>, style: Style): string {
  const { chalk } = style;
  const plan = isPlan(envelope);
  const word = ({ loaded, error }: SyncTablesFields['tables'][number]): string => {
    if (loaded) return chalk.green('copied');
    if (error !== null) return chalk.red('failed');
    return plan ? chalk.cyan('planned') : chalk.dim('skipped');
  };
  const rows = envelope.results.flatMap(({ db, tables }) => {
    if (tables === undefined) return [[db, chalk.red('failed')]];
    if (tables.length === 0) return [[db, chalk.dim('no tables to copy')]];
    return tables.map((one, index) => [
      index === 0 ? db : '',
      one.name,
      word(one),
      one.row_count === null ? '' : String(one.row_count),
      one.loaded ? formatDuration(one.duration_ms) : '',
      one.error ?? (plan ? '' : (one.skipped_reason ?? '')),
    ]);
  });
  const table = renderTable(['database', 'table', 'sync-tables', 'rows there', 'time', ''], rows, style);
  return plan ? `${table}\n\n${renderSteps(envelope, style)}` : table;
}
