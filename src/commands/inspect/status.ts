import { BeltError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { back, forward } from '../../pglogical/direction.js';
import { initialCopyProgress } from '../../pglogical/progress.js';
import { readDirection, type DirectionState } from '../../pglogical/state.js';
import { formatBytes } from '../../bytes.js';
import type { StatusFields } from '../../results/status.js';
import type { Outcome } from '../define.js';

const UNKNOWN = 'unknown';
const NOT_APPLICABLE = 'n/a';

/** Reads both directions, and how far the initial copy is while it runs. */
export async function run(pair: Pair): Promise<Outcome<StatusFields>> {
  const [forwardState, backState] = await Promise.all([readDirection(forward(pair)), readDirection(back(pair))]);
  const copying = forwardState.status === 'initializing';
  const progress = copying ? await initialCopyProgress(pair) : null;
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
    src_dataset_size: progress === null ? NOT_APPLICABLE : formatBytes(progress.srcBytes),
    dst_dataset_size: progress === null ? NOT_APPLICABLE : formatBytes(progress.dstBytes),
    progress: progress === null ? NOT_APPLICABLE : `${(progress.fraction * 100).toFixed(1)} %`,
    lag_bytes: forwardState.slot?.confirmed_lag_bytes ?? null,
    wal_retained_bytes: forwardState.slot?.retained_bytes ?? null,
    down_reasons: reasons,
  };
  if (reasons.length === 0) return { fields };
  return {
    fields,
    error: new BeltError(`replication is down: ${reasons.join('; ')}`, {
      hint: 'Run "belt doctor": it looks for the cause and says what to do. A worker that failed is started again by pglogical within three minutes.',
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
