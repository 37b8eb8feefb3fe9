import type { DoctorFields, DoctorFinding } from '../../results/doctor.js';
import type { Envelope, Row } from '../../results/envelope.js';
import type { Style } from '../style.js';
import { wrapText } from '../fit.js';
import { directionWord } from './status.js';
import { isPlan, render as renderSteps } from './steps.js';
import { renderTable } from '../table.js';

const INDENT = ' '.repeat(6);

/** A row per database, its findings with what to do, and the steps where it is a plan. */
export function render(envelope: Envelope<DoctorFields>, style: Style): string {
  const rows = envelope.results;
  const cells = rows.map((row) => [
    row.db,
    directionWord(row.forward_replication, style),
    directionWord(row.back_replication, style),
    summary(row, style),
  ]);
  const parts = [renderTable(['database', 'src -> dst', 'src <- dst', 'diagnosis'], cells, style)];
  const findings = rows.flatMap((row) => (row.findings ?? []).map((one) => ({ db: row.db, ...one })));
  if (findings.length > 0) parts.push(findings.map((one) => text(one, rows.length > 1, style)).join('\n'));
  if (isPlan(envelope)) parts.push(renderSteps(envelope, style));
  return parts.join('\n\n');
}

function summary({ findings, fixed = [] }: Row<DoctorFields>, { chalk }: Style): string {
  if (findings === undefined) return chalk.red('failed');
  const mended = fixed.length === 0 ? [] : [chalk.green(`fixed ${fixed.join(', ')}`)];
  const fails = findings.filter(({ severity }) => severity === 'fail').length;
  const others = findings.length - fails;
  if (findings.length === 0) return [...mended, chalk.green('nothing found')].join('; ');
  return [
    ...mended,
    ...(fails > 0 ? [chalk.red(`${String(fails)} to mend`)] : [chalk.green('nothing to mend')]),
    ...(others > 0 ? [`${String(others)} to know`] : []),
  ].join('; ');
}

function text(one: DoctorFinding & { db: string }, several: boolean, { chalk, columns }: Style): string {
  const marks = { fail: chalk.red.bold('FAIL'), warn: chalk.yellow.bold('warn'), note: chalk.dim('note') };
  const where = [...(several ? [one.db] : []), ...(one.direction === null ? [] : [one.direction])].join(', ');
  const what = `${marks[one.severity]}  ${where === '' ? '' : `${where}: `}${one.problem}`;
  return `${wrapText(what, columns, INDENT)}\n${wrapText(`${INDENT}repair: ${one.remedy}`, columns, INDENT)}`;
}
