import type { Envelope } from '../../results/envelope.js';
import type { SyncSequencesFields } from '../../results/sync-sequences.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';
import { isPlan, render as renderSteps } from './steps.js';

const METHODS: Readonly<Record<SyncSequencesFields['pk_sequences'][number]['method'], string>> = {
  pk_max: 'the highest number in its rows',
  source_value: "the source's value",
  source_value_with_stride: "the source's value and the stride",
};

/** A row per sequence: where it stands on both sides now, and by what it was set. For a plan the steps below it. */
export function render(envelope: Envelope<SyncSequencesFields>, style: Style): string {
  const { chalk } = style;
  const rows = envelope.results.flatMap((row) => {
    if (row.pk_sequences === undefined || row.non_pk_sequences === undefined) return [[row.db, chalk.red('failed')]];
    const all = [
      ...row.pk_sequences.map((one) => ({ ...one, feeds: 'yes' })),
      ...row.non_pk_sequences.map((one) => ({ ...one, feeds: 'no' })),
    ];
    if (all.length === 0) return [[row.db, chalk.dim('no sequences')]];
    return all.map((one, index) => [
      index === 0 ? row.db : '',
      one.name,
      one.feeds,
      String(one.source_value),
      String(one.destination_value),
      one.synced ? `${chalk.green('set')}: ${METHODS[one.method]}` : chalk.dim(one.skipped_reason ?? ''),
    ]);
  });
  const head = ['database', 'sequence', 'behind a key', 'source', 'destination', 'sync-sequences'];
  const table = renderTable(head, rows, style);
  return isPlan(envelope) ? `${table}\n\n${renderSteps(envelope, style)}` : table;
}
