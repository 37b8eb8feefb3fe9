import { waitFor } from '../postgres/wait.js';
import type { Direction } from './direction.js';

/**
 * Waits until the subscriber has confirmed all that the provider's WAL holds by now. It only reads: where nothing may be
 * missed, take waitForFence().
 * @param slot the subscription's slot on the provider
 * @param deadline milliseconds
 * @returns whether it has caught up in time; false as well when the slot is gone
 */
export async function waitForCatchUp(
  { provider }: Direction,
  slot: string,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const session = await provider.root();
  const { lsn } = await session.one<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  const reached = await waitFor(
    async () => {
      const [row] = await session.query<{ reached: boolean | null }>(
        'SELECT confirmed_flush_lsn >= $1::pg_lsn AS reached FROM pg_replication_slots WHERE slot_name = $2',
        [lsn, slot],
      );
      if (row === undefined) return false;
      return row.reached === true ? true : undefined;
    },
    { deadline, interval: 500, signal },
  );
  return reached === true;
}
