import type { Envelope } from '../../results/envelope.js';
import type { StatusFields } from '../../results/status.js';
import { formatBytes } from '../../bytes.js';
import { formatSeconds } from '../../duration.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/**
 * A row per database, the directions coloured by how well they are. The lag of back replication has a column once there is
 * some, so that the table stays as narrow as it can be.
 */
export function render(envelope: Envelope<StatusFields>, style: Style): string {
  const back = envelope.results.some((row) => (row.back ?? null) !== null);
  const rows = envelope.results.map((row) => [
    row.db,
    directionWord(row.forward_replication, style),
    directionWord(row.back_replication, style),
    row.lag?.sent_lag ?? '',
    row.lag?.write_lag ?? '',
    row.lag?.flush_lag ?? '',
    row.lag?.replay_lag ?? '',
    ...(back ? [row.forward_replication === undefined ? '' : bytesOr(row.back?.lag_bytes.confirmed, 'unknown')] : []),
    row.src_dataset_size ?? '',
    row.dst_dataset_size ?? '',
    progressText(row),
  ]);
  const head = [
    ...['database', 'src -> dst', 'src <- dst', 'sent lag', 'write lag', 'flush lag', 'replay lag'],
    ...(back ? ['back lag'] : []),
    ...['src size', 'dst size', 'progress'],
  ];
  return renderTable(head, rows, style);
}

/** How far the initial copy is, and how long it takes yet: `25.0 %, 3 min 20 s left`. */
export function progressText({ progress = '', initial_load: load }: Partial<StatusFields>): string {
  const left = load?.seconds_left ?? null;
  return left === null || left === 0 ? progress : `${progress}, ${formatSeconds(left)} left`;
}

/** @param unknown what stands for bytes that the servers do not tell */
export function bytesOr(bytes: number | null | undefined, unknown: string): string {
  return bytes === null || bytes === undefined ? unknown : formatBytes(bytes);
}

/** A direction's status in its colour; `failed` for a database that could not be looked at. */
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
