import type { DiffSequencesFields } from '../../results/diff-sequences.js';
import type { Envelope } from '../../results/envelope.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/** A row per sequence with its value on both sides; red where the destination must not go on like this. */
export function render(envelope: Envelope<DiffSequencesFields>, style: Style): string {
  const { chalk } = style;
  const rows = envelope.results.flatMap(({ db, sequences }) => {
    if (sequences === undefined) return [[db, chalk.red('failed')]];
    if (sequences.length === 0) return [[db, chalk.dim('no sequences')]];
    return sequences.map((one, index) => {
      const colour = one.destination_ok ? chalk.green : chalk.red;
      return [
        index === 0 ? db : '',
        one.name,
        String(one.source_value),
        colour(one.destination_value === null ? 'missing' : String(one.destination_value)),
        one.destination_ok ? chalk.green('ok') : chalk.red(one.reason ?? 'not ok'),
      ];
    });
  });
  return renderTable(['database', 'sequence', 'source', 'destination', 'diff-sequences'], rows, style);
}
