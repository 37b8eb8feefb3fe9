import { describe, expect, it } from 'vitest';
import { follow, lagSeconds } from '../../../src/commands/inspect/follow-status.js';
import { statusFields, type StatusFields } from '../../../src/results/status.js';

const MB = 1_048_576;

const lsn = (bytes: number): string => `${Math.floor(bytes / 2 ** 32).toString(16)}/${(bytes % 2 ** 32).toString(16)}`;

/** A look at a database: the provider has written `wal` bytes, the subscriber confirmed `confirmed` of them. */
function look(wal: number, confirmed: number, safe: number | null = null): StatusFields {
  const lag = wal - confirmed;
  return {
    forward_replication: 'replicating',
    back_replication: 'unconfigured',
    lag: { sent_lag: '', write_lag: '', flush_lag: '', replay_lag: '' },
    src_dataset_size: 'n/a',
    dst_dataset_size: 'n/a',
    progress: 'n/a',
    lag_bytes: lag,
    wal_retained_bytes: lag,
    down_reasons: [],
    forward: {
      lag_bytes: { sent: 0, write: lag, flush: lag, replay: lag, confirmed: lag },
      lag_seconds: lag === 0 ? 0 : null,
      lag_trend: null,
      lag_bytes_per_second: null,
      seconds_to_catch_up: null,
      reply_age_seconds: 0,
      wal_lsn: lsn(wal),
      confirmed_lsn: lsn(confirmed),
      wal_retained_bytes: lag,
      wal_status: 'reserved',
      safe_wal_bytes: safe,
      wal_bytes_per_second: null,
      wal_lasts_seconds: null,
    },
    back: null,
    initial_load: null,
  };
}

function copying(done: number): StatusFields {
  const speed = { bytes_done: done, bytes_total: 100 * MB, bytes_per_second: 1, seconds_left: 1 };
  const copy = { copied_by: 'belt', phase: 'copying', started_at: null, snapshot_seconds: 1 } as const;
  const load = { ...copy, tables: [], ...speed, blocked_by: [] };
  return { ...look(0, 0), forward_replication: 'initializing', initial_load: load };
}

describe('several looks at a direction', () => {
  it('tell nothing more at the first', () => {
    const first = look(10 * MB, MB);
    expect(follow()(first, 0)).toEqual(first);
  });

  it('tell a lag that grows, how fast, and how long the WAL lasts', () => {
    const follower = follow();
    follower(look(100 * MB, 100 * MB), 0);
    const seen = statusFields.parse(follower(look(120 * MB, 100 * MB, 50 * MB), 2000));
    expect(seen.forward).toMatchObject({
      lag_trend: 'growing',
      lag_bytes_per_second: 10 * MB,
      seconds_to_catch_up: null,
      wal_bytes_per_second: 10 * MB,
      wal_lasts_seconds: 5,
    });
  });

  it('tell a lag that falls, and when it is gone', () => {
    const follower = follow();
    follower(look(5000 * MB, 4000 * MB), 0);
    expect(follower(look(5010 * MB, 4210 * MB), 10_000).forward).toMatchObject({
      lag_trend: 'falling',
      lag_bytes_per_second: -20 * MB,
      seconds_to_catch_up: 40,
    });
  });

  it('call a lag steady that hardly changes', () => {
    const follower = follow();
    follower(look(5000 * MB, 4000 * MB), 0);
    expect(follower(look(5110 * MB, 4100 * MB), 10_000).forward).toMatchObject({ lag_trend: 'steady' });
  });

  it('measure over the last seconds only', () => {
    const follower = follow();
    follower(look(100 * MB, 0), 0);
    follower(look(200 * MB, 0), 60_000);
    expect(follower(look(200 * MB, 100 * MB), 62_000).forward).toMatchObject({ lag_bytes_per_second: -50 * MB });
  });

  it('compare nothing with a slot that was made anew', () => {
    const follower = follow();
    follower(look(100 * MB, 90 * MB), 0);
    expect(follower(look(50 * MB, 40 * MB), 2000).forward).toMatchObject({ lag_trend: null, lag_seconds: null });
  });
});

describe('the lag in seconds', () => {
  const samples = [
    { at: 0, wal: 100, confirmed: 100 },
    { at: 2000, wal: 200, confirmed: 150 },
    { at: 4000, wal: 400, confirmed: 150 },
  ];

  it('is the age of what is confirmed, between two looks by its share of the WAL', () => {
    expect(lagSeconds(samples, { at: 4000, wal: 400, confirmed: 200 })).toBe(2);
    expect(lagSeconds(samples, { at: 4000, wal: 400, confirmed: 300 })).toBe(1);
    expect(lagSeconds(samples, { at: 4000, wal: 400, confirmed: 150 })).toBe(3);
  });

  it('grows while nothing is confirmed, though nothing new is written', () => {
    const still = [...samples, { at: 64_000, wal: 400, confirmed: 150 }];
    expect(lagSeconds(still, { at: 64_000, wal: 400, confirmed: 150 })).toBe(63);
  });

  it('is 0 when all is confirmed, and unknown from before the first look', () => {
    expect(lagSeconds(samples, { at: 4000, wal: 400, confirmed: 400 })).toBe(0);
    expect(lagSeconds(samples, { at: 4000, wal: 400, confirmed: 99 })).toBeNull();
  });
});

describe('several looks at an initial copy', () => {
  it('tell the speed just now and the time left', () => {
    const follower = follow();
    expect(follower(copying(10 * MB), 0).initial_load).toMatchObject({ bytes_per_second: 1, seconds_left: 1 });
    expect(follower(copying(20 * MB), 2000).initial_load).toMatchObject({ bytes_per_second: 5 * MB, seconds_left: 16 });
  });

  it('do not foretell an end while nothing moves', () => {
    const follower = follow();
    follower(copying(10 * MB), 0);
    expect(follower(copying(10 * MB), 2000).initial_load).toMatchObject({ bytes_per_second: 0, seconds_left: null });
  });
});
