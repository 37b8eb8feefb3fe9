import { z } from 'zod';

/** A sequence's value: 64-bit, so a string where a JSON number would lose digits. */
export const sequenceValue = z.union([z.number(), z.string()]);

const sequence = z.object({
  name: z.string(),
  source_value: sequenceValue.describe('Where it stands on the source.'),
  destination_value: sequenceValue.describe('Where it stands on the destination at the end.'),
  synced: z.boolean().describe('Whether this run set it.'),
  method: z
    .enum(['pk_max', 'source_value', 'source_value_with_stride'])
    .describe('What it went by: the highest key of its column, or the value of the source.'),
  skipped_reason: z.string().nullable().describe('Why it was not set.'),
});

/** What `belt sync-sequences` did to one database. */
export const syncSequencesFields = z.object({
  schema_name: z.string(),
  stride: z.number().describe('Numbers that were left out (--stride).'),
  pk_sequences: z.array(sequence).describe('Those that number a primary key.'),
  non_pk_sequences: z.array(sequence).describe('The others.'),
});

export type SyncSequencesFields = z.infer<typeof syncSequencesFields>;
