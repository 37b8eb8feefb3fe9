import { formatBytes } from '../../bytes.js';
import { formatSeconds } from '../../duration.js';
import { firstLine } from '../../printable.js';
import type { Row } from '../../results/envelope.js';
import type { DirectionFigures, StatusFields } from '../../results/status.js';

type StatusRow = Row<StatusFields>;

/** How much further an initial copy must be to be told of again. */
const STEP_PERCENT = 10;

const DIRECTIONS = [
  { name: 'forward', status: 'forward_replication', figures: 'forward' },
  { name: 'back', status: 'back_replication', figures: 'back' },
] as const;

/**
 * What is new: a direction's status, why it is down, a lag that begins or ceases to grow, the state of its WAL, a table
 * of the initial copy that is done, ten percent more of it, a lock that it waits for, a failure to look.
 */
export function news(before: StatusRow | undefined, now: StatusRow): string[] {
  if (now.forward_replication === undefined) {
    const message = now.error?.message ?? 'failed';
    return before?.error?.message === message ? [] : [`failed: ${firstLine(message)}`];
  }
  return [
    ...(before !== undefined && before.forward_replication === undefined ? ['answers again'] : []),
    ...DIRECTIONS.flatMap(({ name, status, figures }) => [
      ...(before?.[status] === now[status] ? [] : [statusLine(name, now[status], now[figures])]),
      ...trendNews(name, before?.[figures], now[figures]),
      ...walNews(name, before?.[figures], now[figures]),
    ]),
    ...reasonNews(before, now),
    ...loadNews(before, now),
  ];
}

function statusLine(name: string, status: string | undefined, figures: DirectionFigures | undefined): string {
  const lag = status === 'replicating' ? (figures?.lag_bytes.confirmed ?? null) : null;
  return `${name} replication: ${status ?? 'unknown'}${lag === null ? '' : `, ${formatBytes(lag)} behind`}`;
}

function reasonNews(before: StatusRow | undefined, now: StatusRow): string[] {
  return (now.down_reasons ?? [])
    .filter((reason) => before?.down_reasons?.some((one) => withoutSizes(one) === withoutSizes(reason)) !== true)
    .map((reason) => `down: ${reason}`);
}

/** A slot without a reader keeps more WAL at every look: that alone is no other reason. */
function withoutSizes(reason: string): string {
  return reason.replaceAll(/[\d.]+ (?:bytes|[kMGTP]B)/g, '');
}

function trendNews(name: string, before: DirectionFigures | undefined, now: DirectionFigures | undefined): string[] {
  const [grew, grows] = [before?.lag_trend === 'growing', now?.lag_trend === 'growing'];
  if (grew === grows) return [];
  const lag = formatBytes(now?.lag_bytes.confirmed ?? 0);
  return grows
    ? [`${name} lag grows by ${formatBytes(now?.lag_bytes_per_second ?? 0)}/s: ${lag}`]
    : [`${name} lag no longer grows: ${lag}`];
}

function walNews(name: string, before: DirectionFigures | undefined, now: DirectionFigures | undefined): string[] {
  const [was, is] = [before?.wal_status ?? 'reserved', now?.wal_status ?? 'reserved'];
  return was === is ? [] : [`${name} slot: WAL ${is} (${formatBytes(now?.wal_retained_bytes ?? 0)} kept)`];
}

function loadNews({ initial_load: before = null }: Partial<StatusRow> = {}, now: StatusRow): string[] {
  const load = now.initial_load ?? null;
  // What was interrupted stands among the reasons.
  if (load === null || load.phase === 'interrupted') return [];
  if (load.phase === 'keys') {
    return before?.phase === 'keys' ? [] : ['initial copy: all rows are there, keys are built'];
  }
  const done = new Set((before?.tables ?? []).flatMap(({ name, state }) => (state === 'done' ? [name] : [])));
  const finished = before === null ? [] : load.tables.filter(({ name, state }) => state === 'done' && !done.has(name));
  const tables = finished.map(({ name, bytes_total: bytes }) => `table ${name} copied, ${formatBytes(bytes)}`);
  const waits = load.blocked_by
    .filter(({ side, pid }) => before?.blocked_by.some((one) => one.side === side && one.pid === pid) !== true)
    .map(
      ({ side, pid }) =>
        `the initial copy waits for a lock held by pid ${String(pid)} on the ${side === 'src' ? 'source' : 'destination'}`,
    );
  const told = before !== null && percent(load) < percent(before) + STEP_PERCENT && tables.length + waits.length === 0;
  if (told) return [];
  const parts = [
    `initial copy: ${percent(load).toFixed(1)} %`,
    `${formatBytes(load.bytes_done)} of ${formatBytes(load.bytes_total)}`,
    ...(load.bytes_per_second === null ? [] : [`${formatBytes(load.bytes_per_second)}/s`]),
    ...(load.seconds_left === null ? [] : [`${formatSeconds(load.seconds_left)} left`]),
  ];
  return [...tables, ...waits, parts.join(', ')];
}

function percent({ bytes_done: done, bytes_total: total }: NonNullable<StatusFields['initial_load']>): number {
  return total === 0 ? 0 : (done / total) * 100;
}
