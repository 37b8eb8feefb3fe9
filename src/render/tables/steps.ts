import type { Envelope, Row } from '../../results/envelope.js';
import { formatDuration } from '../progress.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

/**
 * The result of a command that changes something: a row per database, with how many steps did what. For a plan
 * (--dry-run) every step stands there, since the plan is the result then.
 */
export function render(envelope: Envelope<object>, style: Style): string {
  if (isPlan(envelope)) return plan(envelope, style);
  const rows = envelope.results.map((row) => [row.db, outcome(row, style), stepCounts(row), timeOf(row)]);
  return renderTable(['database', envelope.command, 'steps', 'time'], rows, style);
}

/** Whether the run was one with --dry-run that found something to do. */
export function isPlan(envelope: Envelope<object>): boolean {
  return envelope.results.some(isPlanned);
}

function isPlanned({ steps }: Row<object>): boolean {
  return steps.some(({ status }) => status === 'planned');
}

function outcome(row: Row<object>, { chalk }: Style): string {
  if (!row.success) return chalk.red('failed');
  if (isPlanned(row)) return chalk.cyan('planned');
  if (inBackground(row)) return chalk.cyan('in the background');
  return chalk.green('done');
}

function inBackground({ detail }: Row<{ detail?: Record<string, unknown> }>): boolean {
  return detail?.['in_background'] !== undefined;
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

function plan(envelope: Envelope<object>, style: Style): string {
  const { chalk } = style;
  const words = {
    ok: chalk.green('looked'),
    skipped: chalk.dim('nothing to do'),
    planned: chalk.cyan('would do'),
    failed: chalk.red('refused'),
  };
  const rows = envelope.results.flatMap((row) =>
    row.steps.map((step, index) => [index === 0 ? row.db : '', step.name, words[step.status], step.message ?? '']),
  );
  return renderTable(['database', 'step', 'plan', ''], rows, style);
}
