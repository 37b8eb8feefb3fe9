import { formatSeconds } from '../../duration.js';
import type { Envelope } from '../../results/envelope.js';
import type { WaitFields } from '../../results/wait.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';
import { bytesOr, directionWord } from './status.js';

/** A row per database: whether what was waited for has come, and how both directions are. */
export function render(envelope: Envelope<WaitFields>, style: Style): string {
  const { chalk } = style;
  const rows = envelope.results.map((row) => [
    row.db,
    row.waited_for === undefined
      ? chalk.red('failed')
      : (row.success ? chalk.green : chalk.red)(`${row.direction ?? ''} ${row.waited_for}${row.success ? '' : ': no'}`),
    status(row.forward_replication, style),
    status(row.back_replication, style),
    bytesOr(row.lag_bytes, ''),
    row.waited_ms === undefined ? '' : formatSeconds(row.waited_ms / 1000),
  ]);
  return renderTable(['database', 'waited for', 'src -> dst', 'src <- dst', 'lag', 'waited'], rows, style);
}

function status(word: WaitFields['forward_replication'] | undefined, style: Style): string {
  return word === null || word === undefined ? '' : directionWord(word, style);
}
