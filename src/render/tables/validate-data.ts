import { describeDifference } from '../../results/describe-difference.js';
import type { Envelope, Row } from '../../results/envelope.js';
import type { ValidateDataFields } from '../../results/validate-data.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

type Compared = ValidateDataFields['tables'][number];

const STRATEGIES: Readonly<Record<Compared['strategy'], string>> = {
  random_100: 'random rows',
  latest_100: 'highest keys',
  no_pkey_presence: 'rows, and their number',
  full: 'every row',
};

/**
 * What was compared, and below it the rows that differ: for one database a row per table and strategy, for several one
 * per database.
 */
export function render(envelope: Envelope<ValidateDataFields>, style: Style): string {
  const [only] = envelope.results;
  const table = envelope.db !== null && only !== undefined ? perTable(only, style) : perDatabase(envelope, style);
  return [table, ...differing(envelope, style)].join('\n');
}

function perDatabase({ results }: Envelope<ValidateDataFields>, style: Style): string {
  const { chalk } = style;
  const rows = results.map(({ db, success, tables }) => {
    if (tables === undefined) return [db, chalk.red('failed')];
    const compared = tables.filter(({ skipped_reason }) => skipped_reason === null);
    const skipped = tables.length - compared.length;
    const differ = new Set(compared.filter(({ passed }) => !passed).map(({ name }) => name)).size;
    const word = compared.length === 0 ? chalk.yellow('nothing compared') : chalk.green('equal');
    return [
      db,
      success ? word : chalk.red(differ > 0 ? 'DIFFERENT' : 'failed'),
      String(new Set(compared.map(({ name }) => name)).size),
      String(compared.reduce((sum, { rows_compared }) => sum + rows_compared, 0)),
      differ === 0 ? '0' : chalk.red(String(differ)),
      skipped === 0 ? '0' : chalk.yellow(String(skipped)),
    ];
  });
  const head = ['database', 'validate-data', 'tables', 'rows compared', 'tables that differ', 'not compared'];
  return renderTable(head, rows, style);
}

function perTable({ db, tables }: Row<ValidateDataFields>, style: Style): string {
  const { chalk } = style;
  const word = ({ passed, skipped_reason }: Compared): string => {
    if (skipped_reason !== null) return chalk.yellow(skipped_reason);
    return passed ? chalk.green('equal') : chalk.red('DIFFERENT');
  };
  const rows = tables?.map((one, index) => [
    index > 0 && tables[index - 1]?.name === one.name ? '' : one.name,
    STRATEGIES[one.strategy],
    String(one.rows_compared),
    word(one),
  ]) ?? [[db, '', '', chalk.red('failed')]];
  return renderTable(['table', 'compared', 'rows', 'validate-data'], rows, style);
}

/** A line for each row that differs, and for each table that differs in something else. */
function differing({ db: target, results }: Envelope<ValidateDataFields>, { chalk }: Style): string[] {
  return results.flatMap(({ db, differences = [], tables = [] }) => {
    const told = new Set(differences.map(({ table }) => table));
    const lines = [
      // Random rows and highest keys overlap.
      ...new Set(
        differences.map((one) => `${one.table}: ${describeDifference({ ...one, missingOn: one.missing_on })}`),
      ),
      ...tables
        .filter(({ name, mismatch_detail }) => mismatch_detail !== null && !told.has(name))
        .map(({ name, mismatch_detail }) => `${name}: ${mismatch_detail ?? ''}`),
    ];
    return lines.map((line) => `${chalk.red('different:')} ${target === null ? `${db}: ` : ''}${line}`);
  });
}
