import { printableLines } from '../printable.js';
import type { Envelope, Row } from '../results/envelope.js';
import type { Style } from './style.js';

/** The errors of a run as a person reads them: what happened, and what to do next. Empty when there are none. */
export function renderFailures(envelope: Envelope<object>, style: Style): string {
  const several = envelope.results.length > 1;
  const parts = envelope.results.filter((row) => row.error !== null).map((row) => renderError(row, several, style));
  if (envelope.error !== null)
    parts.push(renderErrorText(envelope.error.message, hintOf(envelope.error.detail), style));
  return parts.map((part) => `${part}\n`).join('');
}

function renderError(row: Row<object>, several: boolean, style: Style): string {
  const step = row.steps.find(({ status }) => status === 'failed');
  const where = several ? `${row.db}: ` : '';
  const inStep = step === undefined ? '' : ` [step ${step.name}]`;
  return renderErrorText(`${where}${row.error?.message ?? ''}${inStep}`, hintOf(row.error?.detail ?? null), style);
}

/** One error: `error: ...` and, indented below it, what to do. */
export function renderErrorText(message: string, hint: string | undefined, { chalk }: Style): string {
  const lines = [`${chalk.red.bold('error:')} ${printableLines(message)}`];
  if (hint !== undefined) lines.push(`  ${chalk.bold('what to do:')} ${printableLines(hint, '    ')}`);
  return lines.join('\n');
}

function hintOf(detail: Record<string, unknown> | null): string | undefined {
  const hint = detail?.['hint'];
  return typeof hint === 'string' ? hint : undefined;
}
