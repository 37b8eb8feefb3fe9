import type { Envelope } from '../../results/envelope.js';
import type { LoadConstraintsFields } from '../../results/load-constraints.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';
import { isPlan, render as renderSteps } from './steps.js';

/** A row per database: how many constraints were added, were there, and are missing. */
export function render(envelope: Envelope<LoadConstraintsFields>, style: Style): string {
  if (isPlan(envelope)) return renderSteps(envelope, style);
  const { chalk } = style;
  const rows = envelope.results.map(({ db, success, detail }) => {
    const count = (status: LoadConstraintsFields['detail']['constraints'][number]['status']): string =>
      detail === undefined ? '' : String(detail.constraints.filter((one) => one.status === status).length);
    return [
      db,
      success ? chalk.green('done') : chalk.red('failed'),
      count('added'),
      count('skipped_exists'),
      count('missing'),
    ];
  });
  return renderTable(['database', 'load-constraints', 'added', 'were there', 'missing'], rows, style);
}
