import { BeltError } from '../../errors.js';
import { formatBytes } from '../../bytes.js';
import type { Pair } from '../../pair/pair.js';
import { back, forward } from '../../pglogical/direction.js';
import { readInitialLoad, type InitialLoad } from '../../pglogical/progress.js';
import { readDirection, type DirectionState } from '../../pglogical/state.js';
import type { DirectionFigures, StatusFields } from '../../results/status.js';
import type { Outcome } from '../define.js';

const UNKNOWN = 'unknown';
const NOT_APPLICABLE = 'n/a';

/** Reads both directions, and how far the initial copy is while it runs. */
export async function run(pair: Pair): Promise<Outcome<StatusFields>> {
  const [forwardState, backState] = await Promise.all([readDirection(forward(pair)), readDirection(back(pair))]);
  const load = await readInitialLoad(pair, forwardState);
  const reasons = [
    ...forwardState.reasons.map((reason) => `forward: ${reason}`),
    ...backState.reasons.map((reason) => `back: ${reason}`),
  ];
  const fields: StatusFields = {
    forward_replication: forwardState.status,
    back_replication: backState.status,
    lag: {
      sent_lag: lag(forwardState, 'sent_lag_bytes'),
      write_lag: lag(forwardState, 'write_lag_bytes'),
      flush_lag: lag(forwardState, 'flush_lag_bytes'),
      replay_lag: lag(forwardState, 'replay_lag_bytes'),
    },
    ...datasets(load),
    lag_bytes: forwardState.slot?.confirmed_lag_bytes ?? null,
    wal_retained_bytes: forwardState.slot?.retained_bytes ?? null,
    down_reasons: reasons,
    forward: figures(forwardState),
    back: figures(backState),
    initial_load: load,
  };
  if (reasons.length === 0) return { fields };
  return {
    fields,
    error: new BeltError(`replication is down: ${reasons.join('; ')}`, {
      hint:
        forwardState.copy === null
          ? `Run belt doctor ${pair.config.dc} ${pair.config.db}: it looks for the cause and says what to do. A worker that failed is started again by pglogical within three minutes.`
          : `Run belt setup ${pair.config.dc} ${pair.config.db}: it goes on with the copy. To copy everything anew instead, run belt reset before it.`,
      detail: { reasons },
    }),
  };
}

function lag(
  state: DirectionState,
  column: 'sent_lag_bytes' | 'write_lag_bytes' | 'flush_lag_bytes' | 'replay_lag_bytes',
): string {
  const bytes = state.slot?.[column];
  return bytes === null || bytes === undefined ? UNKNOWN : formatBytes(bytes);
}

function datasets(load: InitialLoad | null): Pick<StatusFields, 'src_dataset_size' | 'dst_dataset_size' | 'progress'> {
  if (load === null) {
    return { src_dataset_size: NOT_APPLICABLE, dst_dataset_size: NOT_APPLICABLE, progress: NOT_APPLICABLE };
  }
  const { bytes_done: done, bytes_total: total } = load;
  return {
    src_dataset_size: formatBytes(total),
    dst_dataset_size: formatBytes(done),
    progress: `${total === 0 ? '0.0' : ((done / total) * 100).toFixed(1)} %`,
  };
}

/**
 * What one look tells. pg_stat_replication's own lag times are not used: pglogical's output plugin does not report its
 * progress to the walsender, so they are always null; and while apply stands still they would not grow.
 */
export function figures({ slot }: DirectionState): DirectionFigures {
  if (slot === null) return null;
  return {
    lag_bytes: {
      sent: slot.sent_lag_bytes,
      write: slot.write_lag_bytes,
      flush: slot.flush_lag_bytes,
      replay: slot.replay_lag_bytes,
      confirmed: slot.confirmed_lag_bytes,
    },
    lag_seconds: slot.confirmed_lag_bytes !== null && slot.confirmed_lag_bytes <= 0 ? 0 : null,
    lag_trend: null,
    lag_bytes_per_second: null,
    seconds_to_catch_up: null,
    reply_age_seconds: slot.reply_age_seconds,
    wal_lsn: slot.wal_lsn,
    confirmed_lsn: slot.confirmed_flush_lsn,
    wal_retained_bytes: slot.retained_bytes,
    wal_status: slot.wal_status,
    safe_wal_bytes: slot.safe_wal_bytes,
    wal_bytes_per_second: null,
    wal_lasts_seconds: null,
  };
}
