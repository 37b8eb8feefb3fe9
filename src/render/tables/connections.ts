import type { ConnectionsFields, ConnectionsSide } from '../../results/connections.js';
import type { Envelope } from '../../results/envelope.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/** A row per side: how many sessions there are, and of whom, most first. */
export function render(envelope: Envelope<ConnectionsFields>, style: Style): string {
  const { chalk } = style;
  const rows = envelope.results.flatMap(({ db, source, destination }) => {
    if (source === undefined || destination === undefined) return [[db, '', chalk.red('failed')]];
    return [
      [db, 'src', ...cells(source, style)],
      ['', 'dst', ...cells(destination, style)],
    ];
  });
  return renderTable(['database', 'side', 'sessions', 'of whom'], rows, style);
}

function cells({ total_connections, by_user }: ConnectionsSide, { chalk }: Style): string[] {
  const users = Object.entries(by_user)
    // A name that is a number would come first otherwise, whatever the order was.
    .sort(([, a], [, b]) => b - a)
    .map(([user, count]) => `${String(count)} of ${user}`);
  return [String(total_connections), users.length === 0 ? chalk.dim('none') : users.join(', ')];
}
