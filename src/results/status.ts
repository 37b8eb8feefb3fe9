import { z } from 'zod';

const direction = z.enum(['unconfigured', 'initializing', 'replicating', 'down']);

/** What `belt status` tells about one database. Sizes and lags as texts for people, with the bytes beside them. */
export const statusFields = z.object({
  forward_replication: direction,
  back_replication: direction,
  lag: z.object({ sent_lag: z.string(), write_lag: z.string(), flush_lag: z.string(), replay_lag: z.string() }),
  src_dataset_size: z.string(),
  dst_dataset_size: z.string(),
  progress: z.string(),
  /** Bytes of the source's WAL that the destination has not confirmed. */
  lag_bytes: z.number().nullable(),
  /** Bytes of WAL that the forward slot keeps on the source's disk. */
  wal_retained_bytes: z.number().nullable(),
  down_reasons: z.array(z.string()),
});

export type StatusFields = z.infer<typeof statusFields>;
