import type { CopyProgress, TableAtWork } from '../../src/copy-progress.js';

/** A copy at its stations, as a run tells of itself. */

const MB = 1024 ** 2;
const GB = 1024 ** 3;

const table = (name: string, done: number, total: number, speed: number | null, jobs = 1): TableAtWork => ({
  name,
  bytes_done: done,
  bytes_total: total,
  bytes_per_second: speed,
  jobs,
});

export const begun: CopyProgress = {
  phase: 'copying',
  tables_done: 0,
  tables_total: 14,
  bytes_done: 0,
  bytes_total: 29.9 * GB,
  bytes_per_second: null,
  seconds_left: null,
  wire_bytes_per_second: null,
  jobs: 4,
  max_rate: null,
  wal_retained_bytes: 56,
  snapshot_seconds: 0.4,
  holds_back_vacuum: false,
  at_work: [table('events', 0, 12.1 * GB, null, 4)],
  keys: null,
  wal_left_bytes: null,
  waits: [],
};

export const midway: CopyProgress = {
  ...begun,
  tables_done: 5,
  bytes_done: 13.9 * GB,
  bytes_per_second: 118 * MB,
  seconds_left: 138.9,
  wire_bytes_per_second: 97 * MB,
  max_rate: 100 * MB,
  wal_retained_bytes: 1.2 * GB,
  snapshot_seconds: 190.7,
  at_work: [
    table('events', 6.3 * GB, 12.1 * GB, 78 * MB, 2),
    table('Order Lines of the Year 2026, archived', 1.1 * GB, 4.4 * GB, 25.5 * MB),
    table('Customers', 0.9 * GB, 1 * GB, 14.5 * MB),
  ],
};

const RETRY = 'the connection to the source was lost: Connection terminated unexpectedly; tries again in 8 s';

export const retrying: CopyProgress = { ...midway, bytes_per_second: 0, seconds_left: null, waits: [RETRY] };

export const states = {
  preparing: {
    ...begun,
    phase: 'preparing',
    tables_total: 0,
    bytes_total: 0,
    snapshot_seconds: null,
    wal_retained_bytes: null,
    at_work: [],
    waits: ['waits for transactions that were open before: pid 4711 (app in database shop, cron, for 93 s)'],
  },
  begun,
  midway,
  retrying,
  locked: {
    ...midway,
    snapshot_seconds: 5 * 3600 + 61,
    holds_back_vacuum: true,
    waits: ['waits for pid 4711 (app, psql, idle in transaction for 93 s)', RETRY],
  },
  hostile: {
    ...midway,
    at_work: [
      table('x\u001b[2J\u001b]0;owned\u0007\ny', 1 * GB, 2 * GB, 3 * MB),
      table('日本語のテーブル名', 0.4 * GB, 1 * GB, 20 * MB),
      table('e\u0301te\u0301 \u202eevil', 0, 0, null),
    ],
    waits: ['waits for pid 1 (a\u001b[31m\nb)'],
  },
  many: {
    ...midway,
    jobs: 24,
    at_work: Array.from({ length: 24 }, (_, at) => table(`part_${String(at)}`, at * 40 * MB, GB, 5 * MB)),
  },
  keys: {
    ...midway,
    phase: 'keys',
    tables_done: 14,
    bytes_done: midway.bytes_total,
    at_work: [],
    keys: {
      done: 9,
      total: 14,
      at_work: [
        { name: 'events_pkey', table: 'events', share: 0.452, doing: 'building index: scanning table' },
        {
          name: 'Order Lines_id_b_key',
          table: 'Order Lines',
          share: null,
          doing: 'building index: sorting live tuples',
        },
      ],
    },
  },
  'hand-over': { ...midway, phase: 'hand-over', tables_done: 14, at_work: [], snapshot_seconds: 0 },
  'catch-up': {
    ...midway,
    phase: 'catch-up',
    tables_done: 14,
    at_work: [],
    wal_left_bytes: 1.2 * GB,
    bytes_per_second: 35 * MB,
    seconds_left: 35,
  },
} satisfies Record<string, CopyProgress>;
