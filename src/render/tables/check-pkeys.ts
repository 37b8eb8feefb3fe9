import type { CheckPkeysFields } from '../../results/check-pkeys.js';
import type { Envelope } from '../../results/envelope.js';
import { methodWord } from '../replication-method.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/** A row per table, those without a primary key last; below it how many there are of each. */
export function render(envelope: Envelope<CheckPkeysFields>, style: Style): string {
  return envelope.results.flatMap(({ detail }) => (detail === undefined ? [] : [tables(detail, style)])).join('\n\n');
}

function tables({ tables: all, with_primary_key, without_primary_key }: CheckPkeysFields['detail'], style: Style) {
  const { chalk } = style;
  const sorted = [...all].sort((a, b) => Number(a.primary_key === null) - Number(b.primary_key === null));
  const rows = sorted.map((table) => [
    table.name,
    table.primary_key === null ? chalk.yellow('none') : chalk.green(table.primary_key.join(', ')),
    methodWord(table.replication_method, style),
    table.reason ?? '',
  ]);
  return (
    `${renderTable(['table', 'primary key', 'rows move by', 'why'], rows, style)}\n\n` +
    `${String(with_primary_key.length)} with a primary key, ${String(without_primary_key.length)} without.`
  );
}
