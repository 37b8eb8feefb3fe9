import { describe, expect, it } from 'vitest';
import { judge, type SlotState, type SubscriptionState } from '../../../src/pglogical/state.js';

const subscription: SubscriptionState = {
  sets: ['pgbelt'],
  slot: 'pgl_db_pg1_pg1_pg2',
  enabled: true,
  status: 'replicating',
  sync_status: 'r',
  tables_total: 3,
  tables_waiting: 0,
  tables_unready: 0,
};
const slot: SlotState = {
  active: true,
  database: 'db',
  walsender_state: 'streaming',
  confirmed_flush_lsn: '0/1',
  retained_bytes: 0,
  wal_status: 'reserved',
  safe_wal_bytes: null,
  wal_lsn: '0/1',
  reply_age_seconds: 0,
  sent_lag_bytes: 0,
  write_lag_bytes: 0,
  flush_lag_bytes: 0,
  replay_lag_bytes: 0,
  confirmed_lag_bytes: 0,
};

describe('judge', () => {
  it('believes replicating only when every table is synced and the slot is read', () => {
    expect(judge(subscription, slot)).toBe('replicating');
    expect(judge({ ...subscription, tables_waiting: 1 }, slot)).toBe('initializing');
    expect(judge({ ...subscription, sync_status: 'i' }, slot)).toBe('initializing');
    expect(judge(subscription, { ...slot, active: false })).toBe('down');
    expect(judge(subscription, null)).toBe('down');
  });

  it('calls a copy that runs initializing, and one whose worker ends at once down', () => {
    expect(judge({ ...subscription, status: 'initializing', sync_status: 'i' }, null)).toBe('initializing');
    expect(judge({ ...subscription, status: 'initializing', sync_status: 'd' }, null)).toBe('initializing');
    expect(judge({ ...subscription, status: 'down', sync_status: 'd' }, null)).toBe('down');
  });

  it.each(['down', 'disabled', 'unknown'])('calls %s down', (status) => {
    expect(judge({ ...subscription, status }, slot)).toBe('down');
    expect(judge({ ...subscription, enabled: false }, slot)).toBe('down');
  });
});
