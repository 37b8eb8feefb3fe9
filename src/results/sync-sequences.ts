import { z } from 'zod';

/** A sequence's value: 64-bit, so a string where a JSON number would lose digits. */
export const sequenceValue = z.union([z.number(), z.string()]);

const sequence = z.object({
  name: z.string(),
  source_value: sequenceValue,
  destination_value: sequenceValue,
  synced: z.boolean(),
  method: z.enum(['pk_max', 'source_value', 'source_value_with_stride']),
  skipped_reason: z.string().nullable(),
});

/** What `belt sync-sequences` did to one database. */
export const syncSequencesFields = z.object({
  schema_name: z.string(),
  stride: z.number(),
  pk_sequences: z.array(sequence),
  non_pk_sequences: z.array(sequence),
});

export type SyncSequencesFields = z.infer<typeof syncSequencesFields>;
