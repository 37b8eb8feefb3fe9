import type { Envelope } from '../../results/envelope.js';
import type { StatusFields } from '../../results/status.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

const HEAD = [
  'database',
  'src -> dst',
  'src <- dst',
  'sent lag',
  'write lag',
  'flush lag',
  'replay lag',
  'src size',
  'dst size',
  'progress',
];

/** A row per database, the directions coloured by how well they are. */
export function render(envelope: Envelope<StatusFields>, style: Style): string {
  const rows = envelope.results.map((row) => [
    row.db,
    directionWord(row.forward_replication, style),
    directionWord(row.back_replication, style),
    row.lag?.sent_lag ?? '',
    row.lag?.write_lag ?? '',
    row.lag?.flush_lag ?? '',
    row.lag?.replay_lag ?? '',
    row.src_dataset_size ?? '',
    row.dst_dataset_size ?? '',
    row.progress ?? '',
  ]);
  return renderTable(HEAD, rows, style);
}

/** How a direction is, coloured by how well that is. */
export function directionWord(status: StatusFields['forward_replication'] | undefined, { chalk }: Style): string {
  switch (status) {
    case 'replicating':
      return chalk.green(status);
    case 'initializing':
      return chalk.yellow(status);
    case 'down':
      return chalk.red(status);
    case 'unconfigured':
      return chalk.dim(status);
    case undefined:
      return chalk.red('failed');
  }
}
