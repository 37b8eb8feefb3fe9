import { formatBytes } from '../../bytes.js';
import { formatSeconds } from '../../duration.js';
import type { Envelope, Row } from '../../results/envelope.js';
import type { DirectionFigures, StatusFields } from '../../results/status.js';
import type { Style } from '../style.js';
import { wrapText } from '../fit.js';
import { renderTable } from '../table.js';
import { bytesOr, directionWord, progressText } from '../tables/status.js';

export { news } from './status-news.js';

type StatusRow = Row<StatusFields>;
type Load = NonNullable<StatusFields['initial_load']>;

const BAR = 30;

/** Columns where the terminal does not tell. */
const LINE = 100;

const PHASES: Readonly<Record<Load['phase'], string>> = {
  preparing: 'waits for its snapshot of the source',
  copying: '',
  keys: 'keys are built',
  'catch-up': 'catches up',
  interrupted: 'interrupted',
};

/** Tables of an initial copy that are shown while they wait; the rest are counted. */
const WAITING_SHOWN = 8;

/** `belt status --watch`: everything about a single database, a row for each of several. */
export function picture(envelope: Envelope<StatusFields>, style: Style): string {
  const time = new Date(Date.parse(envelope.timestamp) + envelope.duration_ms).toISOString().slice(11, 19);
  const title = `${envelope.dc}${envelope.db === null ? '' : ` ${envelope.db}`}`;
  const head = `${style.chalk.bold(title)}  ${style.chalk.dim(`${time} UTC, Ctrl-C ends`)}`;
  const [row] = envelope.results;
  const body = envelope.db !== null && row !== undefined ? single(row, style) : several(envelope.results, style);
  return [head, '', ...body].join('\n');
}

function several(rows: readonly StatusRow[], style: Style): string[] {
  const head = ['database', 'src -> dst', 'src <- dst', 'lag', 'trend', 'WAL kept', 'back lag', 'progress'];
  const cells = rows.map((row) => [
    row.db,
    directionWord(row.forward_replication, style),
    directionWord(row.back_replication, style),
    bytesOr(row.forward?.lag_bytes.confirmed, ''),
    trend(row.forward, style),
    bytesOr(row.forward?.wal_retained_bytes, ''),
    bytesOr(row.back?.lag_bytes.confirmed, ''),
    row.progress === 'n/a' ? '' : progressText(row),
  ]);
  // A terminal is narrow: what nobody has takes no column.
  const used = head.map((_, column) => column < 3 || cells.some((row) => row[column] !== ''));
  const only = (row: readonly string[]): string[] => row.filter((_, column) => used[column] === true);
  const table = renderTable(only(head), cells.map(only), style);
  return [...table.split('\n'), ...rows.flatMap((row) => problems(row, `${row.db}: `, style))];
}

function single(row: StatusRow, style: Style): string[] {
  if (row.forward_replication === undefined) return problems(row, '', style);
  const load = row.initial_load ?? null;
  return [
    ...direction('src -> dst', row.forward_replication, row.forward, style),
    ...direction('src <- dst', row.back_replication, row.back, style),
    ...problems(row, '', style),
    ...(load === null ? [] : ['', ...loadLines(load, style)]),
  ];
}

function direction(
  arrow: string,
  status: StatusFields['back_replication'] | undefined,
  figures: DirectionFigures | undefined,
  style: Style,
): string[] {
  const line = `${arrow}  ${directionWord(status, style)}`;
  if (figures === null || figures === undefined) return [line];
  const { lag_bytes: bytes, lag_seconds: age, safe_wal_bytes: safe, wal_lasts_seconds: lasts } = figures;
  const ageText = age === null || bytes.confirmed === 0 ? '' : ` (${formatSeconds(age)})`;
  const parts = [
    `${bytesOr(bytes.confirmed, 'unknown')}${ageText} behind`,
    trend(figures, style),
    figures.seconds_to_catch_up === null ? '' : `${formatSeconds(figures.seconds_to_catch_up)} to catch up`,
  ];
  const wal = [
    `WAL kept ${bytesOr(figures.wal_retained_bytes, 'unknown')}`,
    figures.wal_status === null || figures.wal_status === 'reserved' ? '' : style.chalk.red(figures.wal_status),
    figures.wal_bytes_per_second === null ? '' : `written ${formatBytes(figures.wal_bytes_per_second)}/s`,
  ];
  const danger = [
    safe === null ? '' : `${formatBytes(safe)} more until the slot may lose WAL`,
    lasts === null ? '' : `${formatSeconds(lasts)} at this rate`,
  ];
  const below = [parts, wal, danger].map(joined).filter((text) => text !== '');
  return [line, ...below.map((text) => `${' '.repeat(12)}${text}`)];
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(', ');
}

/** Whether the lag falls or grows, and how fast. */
function trend(figures: DirectionFigures | undefined, { chalk }: Style): string {
  const speed = `${formatBytes(Math.abs(figures?.lag_bytes_per_second ?? 0))}/s`;
  switch (figures?.lag_trend) {
    case 'falling':
      return chalk.green(`falling ${speed}`);
    case 'growing':
      return chalk.red(`growing ${speed}`);
    case 'steady':
      return 'steady';
    default:
      return '';
  }
}

/** Why a direction is down, or why a database could not be looked at. */
function problems(row: StatusRow, where: string, { chalk, columns }: Style): string[] {
  const reasons = row.down_reasons ?? [];
  const told = (label: string, text: string): string[] => {
    const lines = wrapText(`${label}: ${where}${text}`, (columns ?? LINE) - 1, '  ').split('\n');
    const [first = '', ...rest] = lines;
    return [`${chalk.red.bold(`${label}:`)}${first.slice(label.length + 1)}`, ...rest];
  };
  if (reasons.length > 0) return reasons.flatMap((reason) => told('down', reason));
  if (row.error === null) return [];
  return [
    ...told('error', row.error.message),
    ...(row.error.error_type === 'ConnectionError' ? ['  tried again at every look'] : []),
  ];
}

function loadLines(load: Load, style: Style): string[] {
  const { chalk } = style;
  const of = (state: Load['tables'][number]['state']): Load['tables'] =>
    load.tables.filter((table) => table.state === state);
  const share = load.bytes_total === 0 ? 0 : load.bytes_done / load.bytes_total;
  const filled = Math.round(share * BAR);
  const summary = [
    `${formatBytes(load.bytes_done)} of ${formatBytes(load.bytes_total)}`,
    load.bytes_per_second === null ? '' : `${formatBytes(load.bytes_per_second)}/s`,
    load.seconds_left === null ? '' : `${formatSeconds(load.seconds_left)} left`,
    `${String(of('done').length)} of ${String(load.tables.length)} tables done`,
    PHASES[load.phase],
    load.snapshot_seconds === null ? '' : `snapshot open for ${formatSeconds(load.snapshot_seconds)}`,
  ];
  const waiting = of('waiting').sort((a, b) => b.bytes_total - a.bytes_total);
  const rest = waiting.length - WAITING_SHOWN;
  const rows = [...of('copying'), ...waiting.slice(0, WAITING_SHOWN)].map(({ name, state, ...bytes }) => [
    `  ${state === 'copying' ? chalk.yellow(state) : chalk.dim(state)}`,
    name,
    state === 'copying' ? formatBytes(bytes.bytes_done) : '',
    `${state === 'copying' ? 'of ' : ''}${formatBytes(bytes.bytes_total)}`,
  ]);
  return [
    `initial copy  ${chalk.green('#'.repeat(filled))}${chalk.dim('-'.repeat(BAR - filled))}  ${(share * 100).toFixed(1)} %`,
    `  ${joined(summary)}`,
    ...load.blocked_by.map(
      ({ side, pid }) =>
        `  ${chalk.red('waits for a lock')} held by pid ${String(pid)} on the ${side === 'src' ? 'source' : 'destination'}`,
    ),
    ...(rows.length === 0 ? [] : renderTable(['  table', '', 'copied', ''], rows, style).split('\n')),
    ...(rest > 0 ? [chalk.dim(`  and ${String(rest)} more that wait`)] : []),
  ];
}
