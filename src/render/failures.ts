import { printableLines } from '../printable.js';
import type { Envelope, Row } from '../results/envelope.js';
import type { Style } from './style.js';

/**
 * The errors of a run as a person reads them: what happened, and what to do next, which is said once for databases that
 * one after the other need the same. Of several databases, how many failed. Empty when there are none.
 */
export function renderFailures(envelope: Envelope<object>, style: Style): string {
  const several = envelope.results.length > 1;
  const failed = envelope.results.filter((row) => row.error !== null);
  const hints = failed.map((row) => hintOf(row.error?.detail ?? null));
  const parts = failed.map((row, place) => {
    const hint = hints[place] === hints[place + 1] ? undefined : hints[place];
    return renderErrorText(errorText(row, several), hint, style);
  });
  // A run that is interrupted is so in each database that was at work: once is enough.
  const said = failed.some(({ error }) => error?.message === envelope.error?.message);
  if (envelope.error !== null && !said)
    parts.push(renderErrorText(envelope.error.message, hintOf(envelope.error.detail), style));
  if (several && failed.length > 0) {
    parts.push(style.chalk.red(`${String(failed.length)} of ${String(envelope.results.length)} databases failed`));
  }
  return parts.map((part) => `${part}\n`).join('');
}

function errorText(row: Row<object>, several: boolean): string {
  const step = row.steps.find(({ status }) => status === 'failed');
  const where = several ? `${row.db}: ` : '';
  const inStep = step === undefined ? '' : ` [step ${step.name}]`;
  return `${where}${row.error?.message ?? ''}${inStep}`;
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
