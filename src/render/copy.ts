import { formatBytes } from '../bytes.js';
import type { CopyProgress, KeyAtWork, TableAtWork } from '../copy-progress.js';
import { wholeSeconds } from './progress.js';
import { printableDeep } from '../printable.js';
import { wrapText } from './fit.js';
import { makeStyle, type Style } from './style.js';
import { padTo, widthOf } from './width.js';

/** The view of a copy that runs: data in, lines out. */

export interface ViewSize {
  /** What a line may take. */
  readonly columns: number;
  /** How many lines there may be. */
  readonly rows: number;
}

/** Tables, or keys, that are shown at work; the others are counted. */
const SHOWN = 8;
/** Columns of the long bar, and of a table's. */
const BAR = { most: 40, least: 10, table: 16 };
/** So wide a line has room for bars beside names. */
const WIDE = 60;
const INDENT = '  ';
/** Lines of things that are waited for. */
const WAITS = 4;
/** Tables, or keys, that a line of words names. */
const NOW = 3;
const PLAIN = makeStyle(false, null);

/** @returns lines of at most that width, the most telling ones when not all fit */
export function copyView(progress: CopyProgress, { columns, rows }: ViewSize, style: Style): string[] {
  const safe = printableDeep(progress);
  const room = columns - INDENT.length;
  const { chalk } = style;
  const waits = safe.waits.flatMap((text) => wrapText(text, room, '  ').split('\n'));
  let left = rows;
  const take = (lines: readonly string[]): readonly string[] => {
    const taken = lines.slice(0, Math.max(0, left));
    left -= taken.length;
    return taken;
  };
  // In the order in which they matter, when there is not room for all.
  const bar = take(barLines(safe, room, style));
  const main = take(flow(mainFacts(safe), room));
  const waiting = take(waits.slice(0, WAITS).map((line) => chalk.yellow(line)));
  const side = take(flow([...workFacts(safe), ...sourceFacts(safe, style)], room));
  const atWork = fitRows(atWorkLines(safe, room, style), left, style);
  return [...bar, ...main, ...side, ...waiting, ...atWork].map((line) => INDENT + line);
}

/** The same in one line of words, for a log. */
export function copyWords(progress: CopyProgress): string {
  const { phase, at_work: tables, keys, waits } = progress;
  const now =
    phase === 'copying'
      ? tables.map((table) => `"${table.name}" ${percent(table.bytes_done, table.bytes_total)}`)
      : phase === 'keys'
        ? (keys?.at_work ?? []).map(({ name, table }) => `"${name}" on "${table}"`)
        : [];
  return [
    ...facts(progress, PLAIN),
    ...(now.length === 0 ? [] : [`now ${now.slice(0, NOW).join(' and ')}`]),
    ...waits.slice(0, 1),
  ].join(', ');
}

/** Where a database has but one line: what of it fits, how long it takes yet before how much it is. */
export function copyLine(progress: CopyProgress, columns: number, style: Style): string {
  const safe = printableDeep(progress);
  const [first = '', ...others] = facts(safe, style);
  const left = leftFacts(safe);
  const isLeft = (fact: string): boolean => left.includes(fact);
  return [...others.filter(isLeft), ...others.filter((fact) => !isLeft(fact))].reduce((line, fact) => {
    const longer = `${line}, ${fact}`;
    return widthOf(longer) <= columns ? longer : line;
  }, first);
}

function facts(progress: CopyProgress, style: Style): string[] {
  return [
    ...(progress.phase === 'copying' ? [percent(progress.bytes_done, progress.bytes_total)] : []),
    ...mainFacts(progress),
    ...workFacts(progress).slice(0, 1),
    ...sourceFacts(progress, style),
  ];
}

/** A bar and how much of it is done; none where there is nothing to measure. */
function barLines(progress: CopyProgress, room: number, style: Style): string[] {
  const { phase, keys } = progress;
  const [done, total] =
    phase === 'copying'
      ? [progress.bytes_done, progress.bytes_total]
      : phase === 'keys' && keys !== null
        ? [keys.done, keys.total]
        : [0, 0];
  if (phase !== 'copying' && total === 0) return [];
  const text = percent(done, total);
  const width = Math.max(BAR.least, Math.min(BAR.most, room - text.length - 2));
  return [`${bar(done, total, width, style)}  ${text}`];
}

function mainFacts({ phase, keys, ...figures }: CopyProgress): string[] {
  const left = leftFacts(figures);
  const speed = figures.bytes_per_second === null ? [] : [`${formatBytes(figures.bytes_per_second)}/s`];
  switch (phase) {
    case 'preparing':
      return ['waits for its snapshot of the source'];
    case 'copying':
      return [`${formatBytes(figures.bytes_done)} of about ${formatBytes(figures.bytes_total)}`, ...speed, ...left];
    case 'keys':
      return keys === null ? ['keys are built'] : [`${String(keys.done)} of ${String(keys.total)} keys built`];
    case 'hand-over':
      return ['pglogical takes over'];
    case 'catch-up':
      return [
        ...(figures.wal_left_bytes === null ? [] : [`${formatBytes(figures.wal_left_bytes)} of WAL to go`]),
        ...speed,
        ...left,
      ];
  }
}

function leftFacts({ seconds_left: seconds }: Pick<CopyProgress, 'seconds_left'>): string[] {
  return seconds === null ? [] : [`${wholeSeconds(seconds)} left`];
}

/** How much of the work is done, and by how many. */
function workFacts({ phase, tables_done: done, tables_total: total, ...figures }: CopyProgress): string[] {
  if (phase !== 'copying') return [];
  const { jobs, max_rate: most, wire_bytes_per_second: wire } = figures;
  return [
    `${String(done)} of ${String(total)} tables done`,
    ...(jobs === null ? [] : [`${String(jobs)} ${jobs === 1 ? 'job' : 'jobs'}`]),
    ...(most === null ? [] : [wireText(wire, most)]),
  ];
}

/** --max-rate is about what passes, in another form than what lies on a disk. */
function wireText(speed: number | null, most: number): string {
  const limit = `${formatBytes(most)}/s on the wire`;
  return speed === null ? `at most ${limit}` : `${formatBytes(speed)}/s of ${limit}`;
}

/** What the source bears. */
function sourceFacts({ phase, ...figures }: CopyProgress, { chalk }: Style): string[] {
  if (phase === 'catch-up') return [];
  const { wal_retained_bytes: wal, holds_back_vacuum: holds } = figures;
  // Later ones are of looks.
  const seconds = phase === 'copying' || phase === 'preparing' ? figures.snapshot_seconds : null;
  const snapshot = seconds === null ? '' : `snapshot open for ${wholeSeconds(seconds)}`;
  return [
    ...(wal === null ? [] : [`WAL kept ${formatBytes(wal)}`]),
    ...(seconds === null ? [] : [holds ? chalk.yellow(`${snapshot}, holds back VACUUM`) : snapshot]),
  ];
}

function atWorkLines(progress: CopyProgress, room: number, style: Style): string[] {
  if (progress.phase === 'copying') return tableLines(progress.at_work, room, style);
  return progress.phase === 'keys' ? keyLines(progress.keys?.at_work ?? [], room) : [];
}

function tableLines(tables: readonly TableAtWork[], room: number, style: Style): string[] {
  const wide = room >= WIDE;
  const cells = tables.map(({ bytes_done: done, bytes_total: total, bytes_per_second: speed, jobs }) => [
    ...(wide ? [bar(done, total, BAR.table, style)] : []),
    percent(done, total).padStart('100.0 %'.length),
    ...(wide ? [`of ${formatBytes(total)}`] : []),
    speed === null ? '' : `${formatBytes(speed)}/s`,
    ...(room >= WIDE + 20 ? [jobs > 1 ? `${String(jobs)} jobs` : ''] : []),
  ]);
  return named(
    tables.map(({ name }) => name),
    cells,
    room,
  );
}

function keyLines(keys: readonly KeyAtWork[], room: number): string[] {
  const cells = keys.map(({ share, doing }) => [
    room >= WIDE ? (doing ?? '').replace(/^building index: /, '') : '',
    share === null ? '' : percent(share, 1).padStart('100.0 %'.length),
  ]);
  return named(
    keys.map(({ name, table }) => `"${name}" on "${table}"`),
    cells,
    room,
  );
}

/** Names with cells beside them in columns: the names take what room there is. */
function named(names: readonly string[], cells: readonly (readonly string[])[], room: number): string[] {
  const count = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) => Math.max(...cells.map((row) => widthOf(row[at] ?? ''))));
  const beside = widths.reduce((sum, width) => sum + (width === 0 ? 0 : width + 2), 0);
  const widest = Math.max(0, ...names.map(widthOf));
  const width = Math.max(1, Math.min(widest, room - beside));
  return names.map((name, row) => {
    const texts = widths.map((columns, at) => {
      const cell = cells[row]?.[at] ?? '';
      return columns === 0 ? '' : `  ${cell}${' '.repeat(columns - widthOf(cell))}`;
    });
    return `${padTo(name, width)}${texts.join('')}`.trimEnd();
  });
}

function fitRows(lines: readonly string[], rows: number, { chalk }: Style): string[] {
  const most = Math.min(SHOWN, rows);
  if (lines.length <= most) return [...lines];
  if (most < 2) return [];
  const shown = lines.slice(0, most - 1);
  return [...shown, chalk.dim(`and ${String(lines.length - shown.length)} more`)];
}

/** Facts with commas between them, in as many lines as it takes; none is broken unless it is wider than a line. */
function flow(facts: readonly string[], room: number): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 2 + widthOf(fact) <= room) lines[lines.length - 1] = `${last}, ${fact}`;
    else lines.push(fact);
  }
  return lines.map((line, at) => (at < lines.length - 1 ? `${line},` : line));
}

function bar(done: number, total: number, width: number, { chalk }: Style): string {
  const filled = Math.round(share(done, total) * width);
  return `${chalk.green('#'.repeat(filled))}${chalk.dim('-'.repeat(width - filled))}`;
}

function percent(done: number, total: number): string {
  const value = share(done, total) * 100;
  // What is not over is never called 100 %.
  return `${(done < total ? Math.min(value, 99.9) : value).toFixed(1)} %`;
}

function share(done: number, total: number): number {
  return total <= 0 ? 0 : Math.min(1, done / total);
}
