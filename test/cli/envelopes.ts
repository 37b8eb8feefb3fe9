import { CHECKS, type CheckConnectivityFields } from '../../src/results/check-connectivity.js';
import type { CheckPkeysFields } from '../../src/results/check-pkeys.js';
import type { ConnectionsFields } from '../../src/results/connections.js';
import type { CreateIndexesFields } from '../../src/results/create-indexes.js';
import type { DiffSchemasFields } from '../../src/results/diff-schemas.js';
import type { DumpSchemaFields } from '../../src/results/dump-schema.js';
import type { DoctorFields } from '../../src/results/doctor.js';
import type { Envelope, Row } from '../../src/results/envelope.js';
import type { LoadConstraintsFields } from '../../src/results/load-constraints.js';
import type { Finding, PrecheckFields, PrecheckSide } from '../../src/results/precheck.js';
import type { RemovalFields } from '../../src/results/removal.js';
import type { RevokeLoginsFields } from '../../src/results/revoke-logins.js';
import type { DirectionFigures, StatusFields } from '../../src/results/status.js';
import type { DiffSequencesFields } from '../../src/results/diff-sequences.js';
import type { SyncFields } from '../../src/results/sync.js';
import type { SyncSequencesFields } from '../../src/results/sync-sequences.js';
import type { SyncTablesFields } from '../../src/results/sync-tables.js';
import type { ValidateDataFields } from '../../src/results/validate-data.js';
import type { WaitFields } from '../../src/results/wait.js';

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

const figures = (confirmed: number, more: Partial<NonNullable<DirectionFigures>> = {}): DirectionFigures => ({
  lag_bytes: { sent: 0, write: 0, flush: 16384, replay: 1_258_291, confirmed },
  lag_seconds: null,
  lag_trend: null,
  lag_bytes_per_second: null,
  seconds_to_catch_up: null,
  reply_age_seconds: 0.5,
  wal_lsn: '0/6A2A500',
  confirmed_lsn: '0/6A26500',
  wal_retained_bytes: 99_000,
  wal_status: 'reserved',
  safe_wal_bytes: null,
  wal_bytes_per_second: null,
  wal_lasts_seconds: null,
  ...more,
});

const loaded = (name: string, state: 'done' | 'copying' | 'waiting', done: number, total: number) => ({
  name,
  state,
  bytes_done: done,
  bytes_total: total,
});

const INTERRUPTED =
  'forward: the copy was interrupted after 1 of 2 tables; slot pgl_orders_pg1_pg1_pg2 on the source keeps 96.7 kB of WAL for it meanwhile; run belt setup again: it goes on';

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
    forward: figures(16384),
    back: figures(0, { lag_seconds: 0 }),
    initial_load: null,
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
    forward: null,
    back: null,
    initial_load: {
      copied_by: 'belt',
      phase: 'copying',
      started_at: '2026-01-02T03:00:00Z',
      snapshot_seconds: 95.2,
      tables: [
        loaded('Order Details', 'copying', 1_048_576, 9_437_184),
        ...Array.from({ length: 10 }, (_, i) => loaded(`log ${String(i)}`, 'waiting', 0, 8192 * (10 - i))),
        loaded('users', 'done', 3_145_728, 3_145_728),
      ],
      bytes_done: 4_194_304,
      bytes_total: 13_033_472,
      bytes_per_second: 44_000,
      seconds_left: 200,
      blocked_by: [{ side: 'dst', pid: 4711 }],
    },
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
    forward: figures(10, { wal_status: 'unreserved' }),
    back: null,
    initial_load: null,
  },
  {
    ...failed('orders', INTERRUPTED),
    forward_replication: 'down',
    back_replication: 'unconfigured',
    lag: { sent_lag: 'unknown', write_lag: 'unknown', flush_lag: 'unknown', replay_lag: 'unknown' },
    src_dataset_size: '12 MB',
    dst_dataset_size: '3 MB',
    progress: '25.0 %',
    lag_bytes: 99_000,
    wal_retained_bytes: 99_000,
    down_reasons: [INTERRUPTED],
    forward: figures(99_000),
    back: null,
    initial_load: {
      copied_by: 'belt',
      phase: 'interrupted',
      started_at: '2026-01-02T03:00:00Z',
      snapshot_seconds: null,
      tables: [loaded('Order Details', 'waiting', 0, 9_437_184), loaded('users', 'done', 3_145_728, 3_145_728)],
      bytes_done: 3_145_728,
      bytes_total: 12_582_912,
      bytes_per_second: null,
      seconds_left: null,
      blocked_by: [],
    },
  },
  refused,
];

/** What several looks tell. */
export const watched: Row<StatusFields>[] = status.map((row) =>
  row.db !== 'shop'
    ? row
    : {
        ...row,
        forward: figures(250_000_000, {
          lag_seconds: 75.4,
          lag_trend: 'falling',
          lag_bytes_per_second: -5_000_000,
          seconds_to_catch_up: 50,
          wal_status: 'extended',
          safe_wal_bytes: 900_000_000,
          wal_bytes_per_second: 3_000_000,
          wal_lasts_seconds: 300,
        }),
        back: figures(1024, { lag_seconds: 0.4, lag_trend: 'growing', lag_bytes_per_second: 2_000_000 }),
      },
);

const waited = (more: Partial<WaitFields>): WaitFields => ({
  waited_for: 'caught-up',
  direction: 'forward',
  forward_replication: 'replicating',
  back_replication: 'unconfigured',
  waited_ms: 1234,
  lag_bytes: 0,
  ...more,
});

export const waits: Row<WaitFields>[] = [
  { ...good('shop'), ...waited({}) },
  { ...failed('zones', 'forward replication is down: no worker runs'), ...waited({ forward_replication: 'down' }) },
  {
    ...failed('stock', 'back replication was waited for in vain'),
    ...waited({ direction: 'back', back_replication: null, waited_ms: 3_600_000, lag_bytes: 5_000_000 }),
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

const found = (
  severity: Finding['severity'],
  code: string,
  side: Finding['side'],
  object: string,
  problem: string,
  remedy: string,
): Finding => ({ code, severity, side, object, problem, remedy, acceptable: false });

export const ready: Row<PrecheckFields>[] = [
  {
    ...good('shop'),
    src: side(true),
    dst: side(true),
    extensions_match: true,
    client_tools: tools,
    findings: [
      found('note', 'table-not-replicated', 'src', 'table log', 'is not replicated', 'sync copies it in the downtime.'),
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
      found('fail', 'wal-level', 'src', 'wal_level', 'is replica, and must be logical', 'Set wal_level = logical.'),
      found('fail', 'client-tools', 'belt', 'pg_dump', 'was not found', 'belt runs it on this machine.'),
      found('warn', 'collation-differs', 'dst', 'collation', 'is C', 'Look at it.'),
      ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) =>
        found(
          'warn',
          'event-trigger',
          'src',
          `event trigger ${name}`,
          'is not carried',
          `CREATE EVENT TRIGGER ${name} ...`,
        ),
      ),
      ...['log', 'tree'].map((name) =>
        found('note', 'unlogged-table', 'src', `table ${name}`, 'is unlogged', 'sync copies it in the downtime.'),
      ),
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
        found(
          'note',
          'table-not-replicated',
          'src',
          `table ${name}`,
          `is not replicated: for reason ${name}`,
          'sync copies it.',
        ),
      ),
    ],
  },
  failed('zones', 'cannot connect'),
];

const allWell = Object.fromEntries(CHECKS.map((check) => [check, true])) as Record<(typeof CHECKS)[number], true>;

export const reached: Row<CheckConnectivityFields>[] = [
  { ...good('shop'), ...allWell, all_ok: true, failed_checks: [], reasons: {} },
  {
    ...failed('users', '2 of 8 checks failed'),
    ...allWell,
    src_to_dst_dblink: false,
    dst_owner_query: false,
    all_ok: false,
    failed_checks: ['src_to_dst_dblink', 'dst_owner_query'],
    reasons: { src_to_dst_dblink: 'the source server cannot connect', dst_owner_query: 'the password is wrong' },
  },
  failed('zones', 'there is no config'),
];

export const keyed: Row<CheckPkeysFields>[] = [
  {
    ...good('shop'),
    detail: {
      schema_name: 'Shop Data',
      with_primary_key: ['Order Details', 'parts'],
      without_primary_key: ['log'],
      tables: [
        { name: 'Order Details', primary_key: ['Order', 'line no'], replication_method: 'pglogical', reason: null },
        { name: 'log', primary_key: null, replication_method: 'dump_and_load', reason: 'has no primary key' },
        { name: 'parts', primary_key: ['id'], replication_method: 'unavailable', reason: 'a partitioned table' },
      ],
    },
  },
];

export const connected: Row<ConnectionsFields>[] = [
  {
    ...good('shop'),
    // A name that is a number comes first in JavaScript, whatever was put in first.
    source: { total_connections: 15, by_user: { App: 12, '7': 1, report: 2 } },
    destination: { total_connections: 0, by_user: {} },
  },
  refused,
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

export const revokePlanned: Row<RevokeLoginsFields>[] = [
  {
    ...good('shop'),
    steps: [step('revoke-logins', 'planned', 'take LOGIN from 2 roles on the source')],
    detail: { revoked: ['App', 'Owner'], saved: [], disconnected: 0, remaining_sessions: { App: 2 } },
  },
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
      indexes: [{ name: 'log_at', status: 'created', duration_ms: 10, error: null, hint: null }],
      views: [
        { name: 'totals', status: 'refreshed', concurrently: false, duration_ms: 1200, error: null },
        { name: 'by day', status: 'failed', concurrently: true, duration_ms: 40, error: 'division by zero' },
      ],
      large_objects: { source: 3, destination: 3, copied: 2, bytes: 8192 },
      schema: { differences: [] },
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
      views: [],
      large_objects: null,
      schema: {
        differences: [
          { kind: 'index', object: '"by date" on orders', problem: 'missing', src: ['CREATE INDEX ...'], dst: null },
          { kind: 'table', object: 'orders', problem: 'changed', src: ['comment old'], dst: ['comment new'] },
        ],
      },
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
      { name: 'i1', status: 'created', duration_ms: 5, error: null, hint: null },
      { name: 'i2', status: 'skipped_exists', duration_ms: 0, error: null, hint: null },
    ],
  },
  {
    ...failed('users', 'index i3 was not made'),
    indexes_file: null,
    analyze_ran: false,
    indexes: [{ name: 'i3', status: 'failed', duration_ms: 5, error: 'duplicate key', hint: 'Delete one.' }],
  },
];

export const differing: Row<DiffSchemasFields>[] = [
  { ...good('shop'), result: 'match', reason: null, diff: '', differences: [] },
  { ...good('stock'), result: 'skipped', reason: 'the config lists tables', diff: '', differences: [] },
  {
    ...failed('users', 'schema "public" is not the same on both sides'),
    result: 'mismatch',
    reason: null,
    diff: '@@ ... @@',
    differences: [
      { kind: 'table', object: '"Order Details"', problem: 'missing', src: ['options fillfactor=70'], dst: null },
      { kind: 'sequence', object: 'besides', problem: 'extra', src: null, dst: ['integer', 'cycle'] },
      {
        kind: 'column',
        object: 'users.name',
        problem: 'changed',
        src: ['type text', 'not null'],
        dst: ['type character varying(9)'],
      },
    ],
  },
  refused,
];

export const dumped: Row<DumpSchemaFields>[] = [
  {
    ...good('shop'),
    detail: {
      files: [
        { kind: 'schema', path: 'schemas/dc1/shop/schema.sql', objects: 120 },
        { kind: 'load', path: 'schemas/dc1/shop/load.sql', objects: 100 },
        { kind: 'indexes', path: 'schemas/dc1/shop/indexes.sql', objects: 12 },
        { kind: 'constraints', path: 'schemas/dc1/shop/constraints.sql', objects: 3 },
      ],
      invalid_indexes: ['left over'],
    },
  },
  refused,
];

export const constrained: Row<LoadConstraintsFields>[] = [
  {
    ...good('shop'),
    detail: {
      constraints_file: null,
      constraints: [
        { name: 'c1', table: 'orders', status: 'added' },
        { name: 'c2', table: 'orders', status: 'skipped_exists' },
      ],
    },
  },
  {
    ...failed('users', 'NOT VALID constraint "c3" could not be added'),
    detail: {
      constraints_file: 'schemas/dc1/users/constraints.sql',
      constraints: [{ name: 'c3', table: 'users', status: 'missing' }],
    },
  },
  refused,
];

export const removed: Row<RemovalFields>[] = [
  {
    ...good('shop'),
    detail: {
      definitions_file: null,
      objects: [
        { name: 'i1', table: 'orders', status: 'removed', reason: null },
        { name: 'i 2', table: 'orders', status: 'left', reason: 'the source has none of that name' },
      ],
    },
  },
  {
    ...failed('users', '"i3" on "public"."users" could not be dropped'),
    detail: {
      definitions_file: 'schemas/dc1/users/indexes.sql',
      objects: [{ name: 'i3', table: 'users', status: 'to_remove', reason: null }],
    },
  },
  refused,
];

const setSequences: SyncSequencesFields = {
  schema_name: 'Shop Data',
  stride: 1000,
  pk_sequences: [
    { name: 's1', source_value: 5, destination_value: 9, synced: true, method: 'pk_max', skipped_reason: null },
  ],
  non_pk_sequences: [
    { name: 's2', source_value: 5, destination_value: 5, synced: true, method: 'source_value', skipped_reason: null },
    {
      name: 's3',
      source_value: 5,
      destination_value: 1005,
      synced: true,
      method: 'source_value_with_stride',
      skipped_reason: null,
    },
    {
      name: 's4',
      source_value: '9223372036854775807',
      destination_value: '9223372036854775807',
      synced: false,
      method: 'source_value',
      skipped_reason: 'already at or past the value needed',
    },
  ],
};

export const sequencesSet: Row<SyncSequencesFields>[] = [
  { ...good('shop'), ...setSequences },
  { ...good('empty'), ...setSequences, pk_sequences: [], non_pk_sequences: [] },
  refused,
];

export const sequencesPlanned: Row<SyncSequencesFields>[] = [
  {
    ...good('shop'),
    ...setSequences,
    steps: [
      step('read-sequences', 'ok', null),
      step('sync-sequences', 'planned', 'set the sequences on the destination'),
    ],
    pk_sequences: setSequences.pk_sequences.map((one) => ({
      ...one,
      synced: false,
      destination_value: 1,
      skipped_reason: 'only planned: would be set to 9',
    })),
    non_pk_sequences: [],
  },
];

export const sequencesCompared: Row<DiffSequencesFields>[] = [
  {
    ...good('shop'),
    schema_name: 'Shop Data',
    sequences: [{ name: 's1', source_value: 5, destination_value: 9, destination_ok: true, reason: null }],
    result: 'match',
  },
  { ...good('empty'), schema_name: 'Shop Data', sequences: [], result: 'match' },
  {
    ...failed('users', '2 of 3 sequences are not fit'),
    schema_name: 'Shop Data',
    sequences: [
      { name: 's1', source_value: 5, destination_value: 5, destination_ok: true, reason: null },
      {
        name: 's2',
        source_value: 7,
        destination_value: 3,
        destination_ok: false,
        reason: 'would next give out 4, but the source has given out 7',
      },
      {
        name: 's3',
        source_value: 7,
        destination_value: null,
        destination_ok: false,
        reason: 'is not on the destination',
      },
    ],
    result: 'mismatch',
  },
  failed('zones', 'cannot connect'),
];

const copiedTable = { loaded: true, skipped_reason: null, row_count: 1200, duration_ms: 61_400, error: null };

export const tablesCopied: Row<SyncTablesFields>[] = [
  {
    ...good('shop'),
    schema_name: 'Shop Data',
    discovery_mode: 'auto',
    tables: [
      {
        name: 'audit',
        loaded: false,
        skipped_reason: "the destination has the source's 7 rows already",
        row_count: 7,
        duration_ms: 0,
        error: null,
      },
      { name: 'log', ...copiedTable },
    ],
  },
  { ...good('empty'), schema_name: 'Shop Data', discovery_mode: 'auto', tables: [] },
  {
    ...failed('users', '1 table could not be copied'),
    schema_name: 'Shop Data',
    discovery_mode: 'explicit',
    tables: [
      {
        name: 'log',
        loaded: false,
        skipped_reason: null,
        row_count: 3,
        duration_ms: 0,
        error: 'the destination holds 3 rows already, the source 5',
      },
    ],
  },
  failed('zones', 'cannot connect'),
];

export const tablesPlanned: Row<SyncTablesFields>[] = [
  {
    ...good('shop'),
    steps: [step('read-source', 'ok', null), step('sync-tables', 'planned', 'copy the tables that are not replicated')],
    schema_name: 'Shop Data',
    discovery_mode: 'auto',
    tables: [
      { name: 'log', loaded: false, skipped_reason: 'not copied', row_count: null, duration_ms: 0, error: null },
    ],
  },
];

const compared = { rows_compared: 100, passed: true, mismatch_detail: null, skipped_reason: null };

const validRow: Row<ValidateDataFields> = {
  ...good('shop'),
  schema_name: 'Shop Data',
  tables: [
    { name: 'log', ...compared, strategy: 'no_pkey_presence' },
    { name: 'orders', ...compared, strategy: 'random_100' },
    { name: 'orders', ...compared, strategy: 'latest_100' },
  ],
  differences: [],
};

const changedName = {
  table: 'users',
  key: { id: '3', part: null },
  columns: [{ name: 'name', src: 'a', dst: null }],
  missing_on: null,
  note: null,
};

const invalidRow: Row<ValidateDataFields> = {
  ...failed('users', '2 tables differ'),
  schema_name: 'Shop Data',
  tables: [
    {
      name: 'audit',
      strategy: 'no_pkey_presence',
      rows_compared: 0,
      passed: false,
      mismatch_detail: null,
      skipped_reason: 'not copied yet: sync copies it in the downtime',
    },
    {
      name: 'gone',
      strategy: 'random_100',
      rows_compared: 0,
      passed: false,
      mismatch_detail: 'the table is not on the destination',
      skipped_reason: null,
    },
    { name: 'orders', ...compared, rows_compared: 12_000, strategy: 'full' },
    {
      name: 'users',
      strategy: 'random_100',
      rows_compared: 7,
      passed: false,
      mismatch_detail: '2 of 7 rows differ; key (id, part)=(3, NULL): column "name"',
      skipped_reason: null,
    },
    {
      name: 'users',
      strategy: 'latest_100',
      rows_compared: 7,
      passed: false,
      mismatch_detail: '1 of 7 rows differs; key (id, part)=(3, NULL): column "name"',
      skipped_reason: null,
    },
  ],
  differences: [
    changedName,
    { table: 'users', key: { id: '4', part: 'x' }, columns: [], missing_on: 'dst', note: 'looked at twice' },
    changedName,
  ],
};

const emptyRow: Row<ValidateDataFields> = { ...validRow, db: 'empty', tables: [] };

export const validated: Row<ValidateDataFields>[] = [validRow, emptyRow, invalidRow, failed('zones', 'cannot connect')];
export const validatedOne: Row<ValidateDataFields>[] = [invalidRow];

/** A copy in which every text but the words that a renderer goes by is a name that tries to take over the terminal. */
export function withHostileTexts<T>(value: T, path: readonly string[] = []): T {
  const words = new Set([
    'status',
    'severity',
    'direction',
    'side',
    'strategy',
    'result',
    'problem',
    'method',
    'discovery_mode',
    'missing_on',
    'replication_method',
    'forward_replication',
    'back_replication',
    'command',
    'timestamp',
    'state',
    'lag_trend',
    'waited_for',
    'direction',
  ]);
  if (typeof value === 'string') return (words.has(path.at(-1) ?? '') ? value : HOSTILE) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => withHostileTexts(item, path)) as T;
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        ['remaining_sessions', 'by_user'].includes(path.at(-1) ?? '') ? HOSTILE : key,
        withHostileTexts(inner, [...path, key]),
      ]),
    ) as T;
  }
  return value;
}
