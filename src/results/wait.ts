import { z } from 'zod';
import { directionStatus } from './status.js';

/** What `belt wait` tells about one database. */
export const waitFields = z.object({
  waited_for: z.enum(['replicating', 'caught-up', 'unconfigured']),
  direction: z.enum(['forward', 'back']).describe('The direction that was waited for.'),
  forward_replication: directionStatus
    .nullable()
    .describe('At the end; null when the servers did not answer any more.'),
  back_replication: directionStatus.nullable(),
  waited_ms: z.number(),
  lag_bytes: z
    .number()
    .nullable()
    .describe('Bytes of WAL that the subscriber had not confirmed at the last look; null when there is no slot.'),
});

export type WaitFields = z.infer<typeof waitFields>;
