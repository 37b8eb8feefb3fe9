import type { CreateIndexesFields } from '../../src/results/create-indexes.js';
import type { DoctorFields } from '../../src/results/doctor.js';
import type { Envelope, Row } from '../../src/results/envelope.js';
import type { PrecheckFields, PrecheckSide } from '../../src/results/precheck.js';
import type { RevokeLoginsFields } from '../../src/results/revoke-logins.js';
import type { StatusFields } from '../../src/results/status.js';
import type { SyncFields } from '../../src/results/sync.js';

/** Hand-made results, good and bad, for the renderers. */

export const HOSTILE = 'a\u001b[31mred\u001b]0;title\u0007\nerror: faked\r\u009b2J\u202etxt';

export function envelope<Fields extends object>(
  command: string,
  results: Row<Fields>[],
  db: string | null = null,
): Envelope<Fields> {
  return {
    command,
    dc: 'dc1',
    db,
    success: results.every(({ success }) => success),
    timestamp: '2026-01-02T03:04:05.678Z',
    duration_ms: 2100,
    error: null,
    results,
  };
}

const good = (db: string): Row<object> => ({ db, success: true, error: null, steps: [] });
const failed = (db: string, message: string): Row<object> => ({
  db,
  success: false,
  error: { error_type: 'ConnectionError', message, detail: { side: 'dst', hint: 'Check "dst.host" in the config.' } },
  steps: [],
});
const refused = failed('users', 'cannot connect to the destination database "users" at db2:5432: the port is closed');

const step = (
  name: string,
  status: Row<object>['steps'][number]['status'],
  message: string | null,
  duration_ms = 12,
) => ({
  name,
  status,
  message,
  duration_ms,
});

export const steps: Row<object>[] = [
  {
    ...good('shop'),
    steps: [
      step('create-role-src', 'skipped', 'role pglogical is ready'),
      step('load-schema', 'ok', 'loaded 12 objects', 61_400),
    ],
  },
  {
    ...failed('users', 'the destination database "users" lacks tables'),
    steps: [
      step('read-source', 'ok', null),
      step('check-destination', 'failed', 'the destination database "users" lacks tables'),
    ],
  },
];

export const plan: Row<object>[] = [
  {
    ...good('shop'),
    steps: [
      step('read-source', 'ok', null),
      step('create-role-src', 'skipped', 'role pglogical is ready'),
      step('load-schema', 'planned', 'load schema "Shop Data" into the destination'),
    ],
  },
];

export const status: Row<StatusFields>[] = [
  {
    ...good('shop'),
    forward_replication: 'replicating',
    back_replication: 'replicating',
    lag: { sent_lag: '0 B', write_lag: '0 B', flush_lag: '16 kB', replay_lag: '1.2 MB' },
    src_dataset_size: 'n/a',
    dst_dataset_size: 'n/a',
    progress: 'n/a',
    lag_bytes: 16384,
    wal_retained_bytes: 99_000,
    down_reasons: [],
  },
  {
    ...good('users'),
    forward_replication: 'initializing',
    back_replication: 'unconfigured',
    lag: { sent_lag: 'unknown', write_lag: 'unknown', flush_lag: 'unknown', replay_lag: 'unknown' },
    src_dataset_size: '12 MB',
    dst_dataset_size: '3 MB',
    progress: '25.0 %',
    lag_bytes: null,
    wal_retained_bytes: null,
    down_reasons: [],
  },
  {
    ...failed('zones', 'replication is down: forward: no worker runs'),
    forward_replication: 'down',
    back_replication: 'unconfigured',
    lag: { sent_lag: 'unknown', write_lag: 'unknown', flush_lag: 'unknown', replay_lag: 'unknown' },
    src_dataset_size: 'n/a',
    dst_dataset_size: 'n/a',
    progress: 'n/a',
    lag_bytes: 10,
    wal_retained_bytes: 10,
    down_reasons: ['forward: no worker runs'],
  },
  refused,
];

const disabled: DoctorFields['findings'][number] = {
  code: 'subscription-disabled',
  severity: 'fail',
  direction: 'forward',
  side: 'dst',
  object: 'pg1_pg2',
  problem: 'subscription pg1_pg2 is disabled',
  remedy: 'Enable it on the destination database "Shop"',
  fixable: true,
};
const wal: DoctorFields['findings'][number] = {
  code: 'slot-near-limit',
  severity: 'warn',
  direction: 'back',
  side: 'dst',
  object: 'pgl_shop',
  problem: 'its slot pgl_shop keeps 3.0 GB of WAL on the disk of the destination server',
  remedy: 'Raise max_slot_wal_keep_size.',
  fixable: false,
};

export const doctored: Row<DoctorFields>[] = [
  { ...good('shop'), forward_replication: 'replicating', back_replication: 'unconfigured', findings: [], fixed: [] },
  {
    ...good('users'),
    forward_replication: 'replicating',
    back_replication: 'replicating',
    findings: [wal],
    fixed: ['role-password', 'connection-failed'],
  },
  {
    ...failed('zones', 'forward: subscription pg1_pg2 is disabled'),
    forward_replication: 'down',
    back_replication: 'replicating',
    findings: [disabled, wal],
    fixed: [],
  },
  refused,
];

export const doctorPlan: Row<DoctorFields>[] = [
  {
    ...failed('shop', 'forward: subscription pg1_pg2 is disabled'),
    forward_replication: 'down',
    back_replication: 'unconfigured',
    findings: [disabled],
    fixed: [],
    steps: [step('diagnose', 'ok', null), step('start-worker-forward', 'planned', 'enable subscription pg1_pg2')],
  },
];

const side = (ok: boolean): PrecheckSide => ({
  db: 'Shop',
  schema_name: 'Shop Data',
  server_version: '15.20 (Debian 15.20-0+deb12u1)',
  max_replication_slots: ok ? 20 : 10,
  max_worker_processes: ok ? 32 : 8,
  max_wal_senders: ok ? 20 : 19,
  wal_level: ok ? 'logical' : 'replica',
  shared_preload_libraries: ok ? ['pglogical', 'pg_stat_statements'] : ['pglogical'],
  rds_logical_replication: ok ? 'not on RDS' : 'off',
  output_plugin_libraries: null,
  pglogical_version: ok ? '2.4.2' : null,
  root_user: {
    rolname: 'root',
    rolcanlogin: true,
    rolcreaterole: ok,
    rolinherit: true,
    rolsuper: ok,
    memberof: [],
    can_create: ok,
  },
  owner_user: ok
    ? {
        rolname: 'owner',
        rolcanlogin: true,
        rolcreaterole: false,
        rolinherit: true,
        rolsuper: false,
        memberof: [],
        can_create: true,
      }
    : null,
  tables: [
    {
      name: 'Order Details',
      schema_name: 'Shop Data',
      owner: 'owner',
      has_primary_key: true,
      replication_method: 'pglogical',
      can_replicate: true,
      reason: null,
    },
    {
      name: 'log',
      schema_name: 'Shop Data',
      owner: 'owner',
      has_primary_key: false,
      replication_method: 'dump_and_load',
      can_replicate: true,
      reason: 'it has no primary key',
    },
    {
      name: 'far',
      schema_name: 'Shop Data',
      owner: 'owner',
      has_primary_key: false,
      replication_method: 'unavailable',
      can_replicate: false,
      reason: 'it is a foreign table',
    },
  ],
  sequences: [
    { name: 'orders_id_seq', schema_name: 'Shop Data', owner: 'owner', object_type: 'sequence', can_replicate: true },
  ],
  extensions: [
    { extname: 'plpgsql', in_other_side: true },
    { extname: 'citext', in_other_side: false },
  ],
  root_ok: ok,
  owner_ok: ok,
  shared_preload_ok: ok,
});

const tools = [{ name: 'pg_dump', ok: true, path: '/usr/bin/pg_dump', version: '17.1' }];

export const ready: Row<PrecheckFields>[] = [
  {
    ...good('shop'),
    src: side(true),
    dst: side(true),
    extensions_match: true,
    client_tools: tools,
    findings: [
      {
        severity: 'note',
        side: 'src',
        object: 'table log',
        problem: 'is not replicated',
        remedy: 'sync copies it in the downtime.',
      },
    ],
  },
];

export const unfit: Row<PrecheckFields>[] = [
  ...ready,
  {
    ...failed('users', '2 requirements are not met'),
    src: side(false),
    dst: side(true),
    extensions_match: false,
    client_tools: [{ name: 'pg_dump', ok: false, path: null, version: null }],
    findings: [
      {
        severity: 'fail',
        side: 'src',
        object: 'wal_level',
        problem: 'is replica, and must be logical',
        remedy: 'Set wal_level = logical.',
      },
      {
        severity: 'fail',
        side: 'belt',
        object: 'pg_dump',
        problem: 'was not found',
        remedy: 'belt runs it on this machine.',
      },
      { severity: 'warn', side: 'dst', object: 'collation', problem: 'is C', remedy: 'Look at it.' },
    ],
  },
  failed('zones', 'cannot connect'),
];

export const revoked: Row<RevokeLoginsFields>[] = [
  {
    ...good('shop'),
    detail: { revoked: ['App', 'Owner'], saved: ['App', 'Owner'], disconnected: 3, remaining_sessions: {} },
  },
  {
    ...good('users'),
    detail: { revoked: [], saved: ['App'], disconnected: 0, remaining_sessions: { App: 2, report: 1 } },
  },
  failed('zones', 'cannot connect'),
];

export const synced: Row<SyncFields>[] = [
  {
    ...good('shop'),
    detail: {
      sequences: {
        schema_name: 'Shop Data',
        stride: 1000,
        pk_sequences: [
          { name: 's1', source_value: 5, destination_value: 5, synced: true, method: 'pk_max', skipped_reason: null },
        ],
        non_pk_sequences: [
          {
            name: 's2',
            source_value: '9223372036854775807',
            destination_value: 7,
            synced: false,
            method: 'source_value',
            skipped_reason: 'it is ahead',
          },
        ],
      },
      tables: {
        schema_name: 'Shop Data',
        discovery_mode: 'auto',
        tables: [
          { name: 'log', loaded: true, skipped_reason: null, row_count: 1200, duration_ms: 30, error: null },
          {
            name: 'audit',
            loaded: false,
            skipped_reason: 'the destination has rows',
            row_count: null,
            duration_ms: 1,
            error: null,
          },
        ],
      },
      indexes: [{ name: 'log_at', status: 'created', duration_ms: 10, error: null }],
      validation: {
        schema_name: 'Shop Data',
        tables: [
          { name: 'orders', strategy: 'random_100', rows_compared: 100, passed: true, mismatch_detail: null },
          { name: 'orders', strategy: 'latest_100', rows_compared: 100, passed: true, mismatch_detail: null },
        ],
      },
    },
  },
  {
    ...failed('users', 'rows differ'),
    detail: {
      sequences: null,
      tables: null,
      indexes: [],
      validation: {
        schema_name: 'Shop Data',
        tables: [
          {
            name: 'users',
            strategy: 'latest_100',
            rows_compared: 7,
            passed: false,
            mismatch_detail: 'key (3): column name',
          },
        ],
      },
    },
  },
  refused,
];

export const indexed: Row<CreateIndexesFields>[] = [
  {
    ...good('shop'),
    indexes_file: null,
    analyze_ran: true,
    indexes: [
      { name: 'i1', status: 'created', duration_ms: 5, error: null },
      { name: 'i2', status: 'skipped_exists', duration_ms: 0, error: null },
    ],
  },
  {
    ...failed('users', 'index i3 was not made'),
    indexes_file: null,
    analyze_ran: false,
    indexes: [{ name: 'i3', status: 'failed', duration_ms: 5, error: 'duplicate key' }],
  },
];

/** A copy in which every text but the words that a renderer goes by is a name that tries to take over the terminal. */
export function withHostileTexts<T>(value: T, path: readonly string[] = []): T {
  const words = new Set([
    'status',
    'severity',
    'direction',
    'side',
    'strategy',
    'replication_method',
    'forward_replication',
    'back_replication',
    'command',
  ]);
  if (typeof value === 'string') return (words.has(path.at(-1) ?? '') ? value : HOSTILE) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => withHostileTexts(item, path)) as T;
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        path.at(-1) === 'remaining_sessions' ? HOSTILE : key,
        withHostileTexts(inner, [...path, key]),
      ]),
    ) as T;
  }
  return value;
}
