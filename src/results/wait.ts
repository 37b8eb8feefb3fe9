import { z } from 'zod';
import { directionStatus } from './status.js';

/** What `belt wait` tells about one database. */
export const waitFields = z.object({
  waited_for: z.enum(['replicating', 'caught-up', 'unconfigured']),
  /** The direction that was waited for. */
  direction: z.enum(['forward', 'back']),
  /** At the end; null when the servers did not answer any more. */
  forward_replication: directionStatus.nullable(),
  back_replication: directionStatus.nullable(),
  waited_ms: z.number(),
  /** Bytes of WAL that the subscriber had not confirmed at the last look; null when there is no slot. */
  lag_bytes: z.number().nullable(),
});

export type WaitFields = z.infer<typeof waitFields>;
