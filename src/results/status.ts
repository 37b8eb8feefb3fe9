import { z } from 'zod';

export const directionStatus = z.enum(['unconfigured', 'initializing', 'replicating', 'down']);

export type DirectionWord = z.infer<typeof directionStatus>;

const bytes = z.number().nullable();
const seconds = z.number().nullable();

/**
 * One direction's figures; null where the servers do not tell, or several looks are needed (`--watch`) and there was one.
 */
const directionFigures = z
  .object({
    /** Bytes between the provider's newest WAL and what was sent, and what the subscriber says it has. */
    lag_bytes: z.object({ sent: bytes, write: bytes, flush: bytes, replay: bytes, confirmed: bytes }),
    /** How old what the subscriber has confirmed is: 0 when that is everything, else known only after several looks. */
    lag_seconds: seconds,
    /** Several looks. */
    lag_trend: z.enum(['falling', 'steady', 'growing']).nullable(),
    /** Several looks; negative when the lag falls. */
    lag_bytes_per_second: z.number().nullable(),
    /** Several looks; while the lag falls. */
    seconds_to_catch_up: seconds,
    /** Seconds since the subscriber last answered. */
    reply_age_seconds: seconds,
    /** The provider's newest position, and the one that the subscriber has confirmed. */
    wal_lsn: z.string(),
    confirmed_lsn: z.string().nullable(),
    /** Bytes of WAL that the slot keeps on the provider's disk. */
    wal_retained_bytes: bytes,
    /** PostgreSQL's word: reserved, extended, unreserved, lost. */
    wal_status: z.string().nullable(),
    /** Bytes that can be written until the slot may lose WAL (max_slot_wal_keep_size); null without a limit. */
    safe_wal_bytes: bytes,
    /** Several looks: how fast the provider writes WAL. */
    wal_bytes_per_second: z.number().nullable(),
    /** Several looks: how long safe_wal_bytes last at that speed if nothing more is confirmed. */
    wal_lasts_seconds: seconds,
  })
  .nullable();

export type DirectionFigures = z.infer<typeof directionFigures>;

const initialLoad = z
  .object({
    tables: z.array(
      z.object({
        name: z.string(),
        state: z.enum(['done', 'copying', 'waiting']),
        bytes_done: z.number(),
        bytes_total: z.number(),
      }),
    ),
    bytes_done: z.number(),
    bytes_total: z.number(),
    /** On the average since the copy began; with several looks, just now. */
    bytes_per_second: z.number().nullable(),
    seconds_left: seconds,
    /** Sessions that hold a lock which the copy waits for. */
    blocked_by: z.array(z.object({ side: z.enum(['src', 'dst']), pid: z.number() })),
  })
  .nullable();

/** What `belt status` tells about one database. Sizes and lags as texts for people, with the figures beside them. */
export const statusFields = z.object({
  forward_replication: directionStatus,
  back_replication: directionStatus,
  lag: z.object({ sent_lag: z.string(), write_lag: z.string(), flush_lag: z.string(), replay_lag: z.string() }),
  src_dataset_size: z.string(),
  dst_dataset_size: z.string(),
  progress: z.string(),
  /** Bytes of the source's WAL that the destination has not confirmed. */
  lag_bytes: z.number().nullable(),
  /** Bytes of WAL that the forward slot keeps on the source's disk. */
  wal_retained_bytes: z.number().nullable(),
  down_reasons: z.array(z.string()),
  /** null while a direction has no slot. */
  forward: directionFigures,
  back: directionFigures,
  /** While forward replication initializes; null otherwise. */
  initial_load: initialLoad,
});

export type StatusFields = z.infer<typeof statusFields>;
