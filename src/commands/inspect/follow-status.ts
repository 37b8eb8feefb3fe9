import { secondsLeft } from '../../pglogical/speed.js';
import type { DirectionFigures, StatusFields } from '../../results/status.js';
import type { Follower } from '../define.js';

/** Milliseconds over which speeds are measured: shorter than that they jump about. */
const WINDOW_MS = 15_000;

/** A lag that changed by less than this, or than this part of it, is steady. */
const STEADY_BYTES = 1_048_576;
const STEADY_PART = 0.02;

/** Kept samples; more are thinned out, the older half first. Enough for an hour at one look in two seconds. */
const MOST_SAMPLES = 2_000;

interface WalSample {
  at: number;
  /** The provider's newest position, in bytes. */
  wal: number;
  confirmed: number;
}

interface CopySample {
  at: number;
  bytes: number;
}

/** Adds to the status of one database what only several looks tell: speeds, trends, times left, and lag in seconds. */
export function follow(): Follower<StatusFields> {
  const forward = followDirection();
  const back = followDirection();
  const load = followLoad();
  return (fields, at) => ({
    ...fields,
    forward: forward(fields.forward, at),
    back: back(fields.back, at),
    initial_load: load(fields.initial_load, at),
  });
}

function followDirection(): (figures: DirectionFigures, at: number) => DirectionFigures {
  let samples: WalSample[] = [];
  return (figures, at) => {
    const position = figures?.confirmed_lsn ?? null;
    if (figures === null || position === null) {
      samples = [];
      return figures;
    }
    const now: WalSample = { at, wal: lsnBytes(figures.wal_lsn), confirmed: lsnBytes(position) };
    // Another server, or the slot made anew: nothing can be compared.
    const last = samples.at(-1);
    if (last !== undefined && (now.wal < last.wal || now.confirmed < last.confirmed)) samples = [];
    const before = windowStart(samples, at);
    samples = thinned([...samples, now]);
    return {
      ...figures,
      lag_seconds: figures.lag_seconds ?? lagSeconds(samples, now),
      ...(before === undefined ? {} : speeds(before, now, figures.safe_wal_bytes)),
    };
  };
}

function speeds(before: WalSample, now: WalSample, safe: number | null) {
  const seconds = (now.at - before.at) / 1000;
  const lag = Math.max(0, now.wal - now.confirmed);
  const change = lag - Math.max(0, before.wal - before.confirmed);
  const perSecond = Math.round(change / seconds);
  const written = Math.round((now.wal - before.wal) / seconds);
  const steady = Math.abs(change) <= Math.max(STEADY_BYTES, lag * STEADY_PART);
  const trend = steady ? ('steady' as const) : change < 0 ? ('falling' as const) : ('growing' as const);
  return {
    lag_trend: trend,
    lag_bytes_per_second: perSecond,
    seconds_to_catch_up: trend === 'falling' && perSecond < 0 ? Math.round(lag / -perSecond) : null,
    wal_bytes_per_second: written,
    wal_lasts_seconds: safe === null || written <= 0 ? null : Math.round(Math.max(0, safe) / written),
  };
}

/**
 * How long ago the provider's newest position was the one that is confirmed now: found between two looks by the share of
 * the WAL written between them. null when that was before the first look.
 */
export function lagSeconds(samples: readonly WalSample[], { at, wal, confirmed }: WalSample): number | null {
  if (confirmed >= wal) return 0;
  const index = samples.findLastIndex((sample) => sample.wal <= confirmed);
  const [from, to] = [samples[index], samples[index + 1]];
  if (from === undefined || to === undefined) return null;
  const then = from.at + ((confirmed - from.wal) / (to.wal - from.wal)) * (to.at - from.at);
  return Math.max(0, at - then) / 1000;
}

function followLoad(): (load: StatusFields['initial_load'], at: number) => StatusFields['initial_load'] {
  let samples: CopySample[] = [];
  return (load, at) => {
    if (load === null || load.phase === 'interrupted' || load.phase === 'keys') {
      samples = [];
      return load;
    }
    const before = windowStart(samples, at);
    samples = thinned([...samples, { at, bytes: load.bytes_done }]);
    if (before === undefined || before.bytes > load.bytes_done) return load;
    const perSecond = Math.round(((load.bytes_done - before.bytes) / (at - before.at)) * 1000);
    return {
      ...load,
      bytes_per_second: perSecond,
      seconds_left: secondsLeft(load.bytes_total - load.bytes_done, perSecond),
    };
  };
}

/** The oldest sample within the window, or the last one when all are older. */
function windowStart<S extends { at: number }>(samples: readonly S[], at: number): S | undefined {
  return samples.find((sample) => sample.at >= at - WINDOW_MS) ?? samples.at(-1);
}

function thinned<S>(samples: readonly S[]): S[] {
  if (samples.length <= MOST_SAMPLES) return [...samples];
  const half = Math.floor(samples.length / 2);
  return samples.filter((_, index) => index > half || index % 2 === 0);
}

/** A position in the WAL as PostgreSQL writes it, `16/B374D848`, in bytes. */
function lsnBytes(lsn: string): number {
  const [high = '0', low = '0'] = lsn.split('/');
  return Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
}
