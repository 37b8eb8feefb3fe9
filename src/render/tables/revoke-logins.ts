import type { Envelope } from '../../results/envelope.js';
import type { RevokeLoginsFields } from '../../results/revoke-logins.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';
import { isPlan, render as renderSteps } from './steps.js';

/** A row per database: which roles lost LOGIN, and which sessions can still write; the steps where it is a plan. */
export function render(envelope: Envelope<RevokeLoginsFields>, style: Style): string {
  const { chalk } = style;
  const plan = isPlan(envelope);
  const done = plan ? chalk.cyan('planned') : chalk.green('done');
  const rows = envelope.results.map(({ db, detail, success }) => [
    db,
    success ? done : chalk.red('failed'),
    detail === undefined ? '' : detail.revoked.join(', ') || chalk.dim('none'),
    detail === undefined || plan ? '' : String(detail.disconnected),
    detail === undefined ? '' : remaining(detail.remaining_sessions, style),
  ]);
  const head = ['database', 'revoke-logins', 'login taken from', 'sessions ended', 'sessions still open'];
  const table = renderTable(head, rows, style);
  return plan ? `${table}\n\n${renderSteps(envelope, style)}` : table;
}

function remaining(sessions: Readonly<Record<string, number>>, { chalk }: Style): string {
  const text = Object.entries(sessions).map(([user, count]) => `${String(count)} of ${user}`);
  return text.length === 0 ? chalk.green('none') : chalk.yellow(text.join(', '));
}
