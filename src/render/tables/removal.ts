import type { Envelope } from '../../results/envelope.js';
import type { RemovalFields } from '../../results/removal.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';
import { isPlan, render as renderSteps } from './steps.js';

/** A row per database, and below the table what was left and why. */
export function render(envelope: Envelope<RemovalFields>, style: Style): string {
  const { chalk } = style;
  const left = envelope.results.flatMap(({ db, detail }) =>
    (detail?.objects ?? [])
      .filter(({ status }) => status === 'left')
      .map(({ name, table, reason }) => `${chalk.yellow('left:')} ${db}: "${name}" on "${table}": ${reason ?? ''}`),
  );
  if (isPlan(envelope)) return [renderSteps(envelope, style), ...left].join('\n');
  const rows = envelope.results.map(({ db, success, detail }) => {
    const count = (status: RemovalFields['detail']['objects'][number]['status']): string =>
      detail === undefined ? '' : String(detail.objects.filter((one) => one.status === status).length);
    return [
      db,
      success ? chalk.green('done') : chalk.red('failed'),
      count('removed'),
      count('left'),
      count('to_remove'),
    ];
  });
  return [renderTable(['database', envelope.command, 'removed', 'left', 'still there'], rows, style), ...left].join(
    '\n',
  );
}
