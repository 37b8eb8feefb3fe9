import type { Envelope, Row } from '../../results/envelope.js';
import type { SyncFields } from '../../results/sync.js';
import { formatDuration } from '../progress.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';
import { isPlan, render as renderSteps } from './steps.js';

/** A row per database: what was brought over, and whether the rows compared are equal. Differences below it. */
export function render(envelope: Envelope<SyncFields>, style: Style): string {
  if (isPlan(envelope)) return renderSteps(envelope, style);
  const { chalk } = style;
  const rows = envelope.results.map((row) => [
    row.db,
    row.success ? chalk.green('done') : chalk.red('failed'),
    sequences(row),
    tables(row),
    row.detail === undefined ? '' : String(row.detail.indexes.filter(({ status }) => status === 'created').length),
    views(row),
    validation(row, style),
    formatDuration(envelope.duration_ms),
  ]);
  const head = [
    'database',
    'sync',
    'sequences set',
    'tables copied',
    'indexes made',
    'views refreshed',
    'rows compared',
    'time',
  ];
  return [renderTable(head, rows, style), ...mismatches(envelope, style), ...otherwise(envelope, style)].join('\n');
}

function sequences({ detail }: Row<SyncFields>): string {
  if (detail === undefined || detail.sequences === null) return '';
  const all = [...detail.sequences.pk_sequences, ...detail.sequences.non_pk_sequences];
  return `${String(all.filter(({ synced }) => synced).length)} of ${String(all.length)}`;
}

function tables({ detail }: Row<SyncFields>): string {
  if (detail === undefined || detail.tables === null) return '';
  const loaded = detail.tables.tables.filter((table) => table.loaded);
  const rows = loaded.reduce((sum, { row_count }) => sum + (row_count ?? 0), 0);
  return `${String(loaded.length)} of ${String(detail.tables.tables.length)} (${String(rows)} rows)`;
}

function views({ detail }: Row<SyncFields>): string {
  if (detail === undefined || detail.views.length === 0) return '';
  const refreshed = detail.views.filter(({ status }) => status === 'refreshed');
  const time = formatDuration(detail.views.reduce((sum, { duration_ms }) => sum + duration_ms, 0));
  return `${refreshed.length} of ${detail.views.length} (${time})`;
}

function validation({ detail }: Row<SyncFields>, { chalk }: Style): string {
  if (detail === undefined || detail.validation === null) return '';
  const { tables: compared } = detail.validation;
  const rows = compared.reduce((sum, { rows_compared }) => sum + rows_compared, 0);
  const names = new Set(compared.map(({ name }) => name)).size;
  const text = `${String(rows)} in ${String(names)} tables`;
  return compared.every(({ passed }) => passed) ? chalk.green(`${text}, equal`) : chalk.red(`${text}, DIFFERENT`);
}

function mismatches(envelope: Envelope<SyncFields>, { chalk }: Style): string[] {
  return envelope.results.flatMap((row) =>
    (row.detail?.validation?.tables ?? [])
      .filter(({ passed }) => !passed)
      .map(
        (table) =>
          `${chalk.red('different:')} ${row.db}: ${table.name} (${table.strategy}): ${table.mismatch_detail ?? ''}`,
      ),
  );
}

const WORDS = { missing: 'is missing on the destination', extra: 'is on the destination only', changed: 'differs' };

/** Every object in which the schemas differ; `belt diff-schemas --full` shows the lines. */
function otherwise(envelope: Envelope<SyncFields>, { chalk }: Style): string[] {
  return envelope.results.flatMap((row) =>
    (row.detail?.schema?.differences ?? []).map(
      ({ kind, object, problem }) => `${chalk.yellow('schema:')} ${row.db}: ${kind} ${object} ${WORDS[problem]}`,
    ),
  );
}
