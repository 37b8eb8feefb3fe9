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
    lag_bytes: z
      .object({ sent: bytes, write: bytes, flush: bytes, replay: bytes, confirmed: bytes })
      .describe("Bytes between the provider's newest WAL and what was sent, and what the subscriber says it has."),
    lag_seconds: seconds.describe(
      'How old what the subscriber has confirmed is: 0 when that is everything, else known only after several looks.',
    ),
    lag_trend: z
      .enum(['falling', 'steady', 'growing'])
      .nullable()
      .describe('Several looks: whether the lag falls or grows.'),
    lag_bytes_per_second: z.number().nullable().describe('Several looks: how fast it grows; negative when it falls.'),
    seconds_to_catch_up: seconds.describe('Several looks: how long it takes yet, while the lag falls.'),
    reply_age_seconds: seconds.describe('Seconds since the subscriber last answered.'),
    wal_lsn: z.string().describe("The provider's newest position."),
    confirmed_lsn: z.string().nullable().describe('The position that the subscriber has confirmed.'),
    wal_retained_bytes: bytes.describe("Bytes of WAL that the slot keeps on the provider's disk."),
    wal_status: z.string().nullable().describe("PostgreSQL's word: reserved, extended, unreserved, lost."),
    safe_wal_bytes: bytes.describe(
      'Bytes that can be written until the slot may lose WAL (max_slot_wal_keep_size); null without a limit.',
    ),
    wal_bytes_per_second: z.number().nullable().describe('Several looks: how fast the provider writes WAL.'),
    wal_lasts_seconds: seconds.describe(
      'Several looks: how long safe_wal_bytes last at that speed if nothing more is confirmed.',
    ),
  })
  .nullable();

export type DirectionFigures = z.infer<typeof directionFigures>;

const initialLoad = z
  .object({
    copied_by: z.enum(['belt', 'pglogical']).describe('Who copies (`setup --copy`).'),
    phase: z
      .enum(['preparing', 'copying', 'keys', 'catch-up', 'interrupted'])
      .describe(
        '`preparing` until the snapshot of the source is there; `keys` when all rows are there, and keys are built; ' +
          '`catch-up` while tables of several snapshots are brought to one point, after a copy that was broken off; ' +
          '`interrupted` when no belt is at it any more: run setup again.',
      ),
    started_at: z.string().nullable().describe("When belt's copy began, ISO 8601; null for pglogical's."),
    snapshot_seconds: seconds.describe(
      'How long the copy has kept a snapshot open on the source, where VACUUM removes nothing newer meanwhile.',
    ),
    tables: z.array(
      z.object({
        name: z.string(),
        state: z.enum(['done', 'copying', 'waiting']),
        bytes_done: z
          .number()
          .describe("Of pglogical's copy the size on the destination; of belt's the part of `bytes_total`."),
        bytes_total: z.number().describe('Of the source.'),
      }),
    ),
    bytes_done: z.number(),
    bytes_total: z.number(),
    bytes_per_second: z
      .number()
      .nullable()
      .describe('On the average since the copy began; with several looks, just now.'),
    seconds_left: seconds.describe('Until the copy is over, at that speed.'),
    blocked_by: z
      .array(z.object({ side: z.enum(['src', 'dst']), pid: z.number() }))
      .describe('Sessions that hold a lock which the copy waits for.'),
  })
  .nullable();

/** What `belt status` tells about one database. Sizes and lags as texts for people, with the figures beside them. */
export const statusFields = z.object({
  forward_replication: directionStatus.describe('From the source to the destination.'),
  back_replication: directionStatus.describe('From the destination to the source.'),
  lag: z
    .object({ sent_lag: z.string(), write_lag: z.string(), flush_lag: z.string(), replay_lag: z.string() })
    .describe('Of forward replication, for people; "unknown" without a connection.'),
  src_dataset_size: z.string().describe('Of the tables that move, for people; "n/a" once the copy is over.'),
  dst_dataset_size: z.string(),
  progress: z
    .string()
    .describe('How much of the initial copy has arrived, in percent of its bytes; "n/a" once it is over.'),
  lag_bytes: z.number().nullable().describe("Bytes of the source's WAL that the destination has not confirmed."),
  wal_retained_bytes: z.number().nullable().describe("Bytes of WAL that the forward slot keeps on the source's disk."),
  down_reasons: z.array(z.string()).describe('Why a direction is down, a sentence each.'),
  forward: directionFigures.describe(
    "Forward replication's figures; null while it has no slot. Those that need several looks are null but with --watch.",
  ),
  back: directionFigures.describe("Back replication's figures; null while it has no slot."),
  initial_load: initialLoad.describe(
    "While forward replication initializes, and after belt's copy was interrupted; null otherwise. The WAL that is kept " +
      'meanwhile is `wal_retained_bytes`.',
  ),
});

export type StatusFields = z.infer<typeof statusFields>;
