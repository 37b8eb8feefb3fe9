import type { CreateIndexesFields } from '../../results/create-indexes.js';
import type { Envelope } from '../../results/envelope.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';
import { isPlan, render as renderSteps } from './steps.js';

/** A row per database: how many indexes were made, were there, and failed. */
export function render(envelope: Envelope<CreateIndexesFields>, style: Style): string {
  if (isPlan(envelope)) return renderSteps(envelope, style);
  const { chalk } = style;
  const rows = envelope.results.map(({ db, success, indexes = [] }) => {
    const count = (status: (typeof indexes)[number]['status']): string =>
      String(indexes.filter((one) => one.status === status).length);
    return [
      db,
      success ? chalk.green('done') : chalk.red('failed'),
      count('created'),
      count('skipped_exists'),
      count('failed'),
    ];
  });
  return renderTable(['database', 'create-indexes', 'created', 'were there', 'failed'], rows, style);
}
