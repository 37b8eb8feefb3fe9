import type { Envelope, Row } from '../../results/envelope.js';
import { formatDuration } from '../progress.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/** The result of a command that changes something: a row per database, with how many steps did what. */
export function render(envelope: Envelope<object>, style: Style): string {
  const rows = envelope.results.map((row) => [row.db, outcome(row, style), stepCounts(row), timeOf(row)]);
  return renderTable(['database', envelope.command, 'steps', 'time'], rows, style);
}

function outcome(row: Row<object>, { chalk }: Style): string {
  if (!row.success) return chalk.red('failed');
  if (row.steps.some(({ status }) => status === 'planned')) return chalk.cyan('planned');
  return chalk.green('done');
}

function stepCounts(row: Row<object>): string {
  const words = { ok: 'done', skipped: 'skipped', planned: 'planned', failed: 'failed' } as const;
  return Object.entries(words)
    .map(([status, word]) => [row.steps.filter((step) => step.status === status).length, word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${String(count)} ${word}`)
    .join(', ');
}

function timeOf(row: Row<object>): string {
  return formatDuration(row.steps.reduce((sum, { duration_ms }) => sum + duration_ms, 0));
}
