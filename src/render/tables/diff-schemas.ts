import type { DiffSchemasFields } from '../../results/diff-schemas.js';
import type { Envelope } from '../../results/envelope.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/** A row per database, and below it what differs: the source's lines after `-`, the destination's after `+`. */
export function render(envelope: Envelope<DiffSchemasFields>, style: Style): string {
  const { chalk } = style;
  const rows = envelope.results.map((row) => [
    row.db,
    outcome(row.result, style),
    row.differences === undefined ? '' : String(row.differences.length),
    row.reason ?? '',
  ]);
  const table = renderTable(['database', 'diff-schemas', 'differences', ''], rows, style);
  const parts = envelope.results.flatMap(({ db, differences = [] }) =>
    differences.map(({ kind, object, problem, src, dst }) =>
      [
        `${chalk.bold(`${db}: ${kind} ${object}`)} ${WORDS[problem]}`,
        ...(src ?? []).map((line) => chalk.red(`- ${line}`)),
        ...(dst ?? []).map((line) => chalk.green(`+ ${line}`)),
      ].join('\n'),
    ),
  );
  return [table, ...parts].join('\n\n');
}

const WORDS = { missing: 'is missing on the destination', extra: 'is on the destination only', changed: 'differs' };

function outcome(result: DiffSchemasFields['result'] | undefined, { chalk }: Style): string {
  switch (result) {
    case 'match':
      return chalk.green(result);
    case 'mismatch':
      return chalk.red(result);
    case 'skipped':
      return chalk.dim(result);
    case undefined:
      return chalk.red('failed');
  }
}
