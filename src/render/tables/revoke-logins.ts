import type { Envelope } from '../../results/envelope.js';
import type { RevokeLoginsFields } from '../../results/revoke-logins.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/** A row per database: which roles lost LOGIN, and which sessions can still write. */
export function render(envelope: Envelope<RevokeLoginsFields>, style: Style): string {
  const { chalk } = style;
  const rows = envelope.results.map(({ db, detail, success }) => [
    db,
    success ? chalk.green('done') : chalk.red('failed'),
    detail === undefined ? '' : detail.revoked.join(', ') || chalk.dim('none'),
    detail === undefined ? '' : String(detail.disconnected),
    detail === undefined ? '' : remaining(detail.remaining_sessions, style),
  ]);
  return renderTable(
    ['database', 'revoke-logins', 'login taken from', 'sessions ended', 'sessions still open'],
    rows,
    style,
  );
}

function remaining(sessions: Readonly<Record<string, number>>, { chalk }: Style): string {
  const text = Object.entries(sessions).map(([user, count]) => `${String(count)} of ${user}`);
  return text.length === 0 ? chalk.green('none') : chalk.yellow(text.join(', '));
}
