import { z } from 'zod';

const value = z.union([z.number(), z.string()]);

const sequence = z.object({
  name: z.string(),
  source_value: value,
  destination_value: value,
  synced: z.boolean(),
  method: z.enum(['pk_max', 'source_value', 'source_value_with_stride']),
  skipped_reason: z.string().nullable(),
});

const copiedTable = z.object({
  name: z.string(),
  loaded: z.boolean(),
  skipped_reason: z.string().nullable(),
  row_count: z.number().nullable(),
  duration_ms: z.number(),
  error: z.string().nullable(),
});

const comparedTable = z.object({
  name: z.string(),
  strategy: z.enum(['random_100', 'latest_100', 'no_pkey_presence', 'full']),
  rows_compared: z.number(),
  passed: z.boolean(),
  mismatch_detail: z.string().nullable(),
});

const index = z.object({
  name: z.string(),
  status: z.enum(['created', 'skipped_exists', 'failed']),
  duration_ms: z.number(),
  error: z.string().nullable(),
});

/** What `belt sync` did, in `detail`; a part is null when the run did not get that far. */
export const syncFields = z.object({
  detail: z.object({
    sequences: z
      .object({
        schema_name: z.string(),
        stride: z.number(),
        pk_sequences: z.array(sequence),
        non_pk_sequences: z.array(sequence),
      })
      .nullable(),
    tables: z
      .object({
        schema_name: z.string(),
        discovery_mode: z.enum(['auto', 'explicit']),
        tables: z.array(copiedTable),
      })
      .nullable(),
    /** Indexes that had to be made in this run; those that were there already are not listed. */
    indexes: z.array(index),
    validation: z.object({ schema_name: z.string(), tables: z.array(comparedTable) }).nullable(),
  }),
});

export type SyncFields = z.infer<typeof syncFields>;
