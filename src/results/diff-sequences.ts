import { z } from 'zod';
import { sequenceValue } from './sync-sequences.js';

/** What `belt diff-sequences` tells about one database. */
export const diffSequencesFields = z.object({
  schema_name: z.string(),
  sequences: z.array(
    z.object({
      name: z.string(),
      source_value: sequenceValue.describe('Where it stands on the source.'),
      destination_value: sequenceValue.nullable().describe('null when the destination has no such sequence.'),
      destination_ok: z
        .boolean()
        .describe('Whether the destination gives out no value that was given out, or is in use, already.'),
      reason: z.string().nullable().describe('Why it is not ok; null when it is.'),
    }),
  ),
  result: z.enum(['match', 'mismatch']).describe('mismatch: at least one sequence is not ok.'),
});

export type DiffSequencesFields = z.infer<typeof diffSequencesFields>;
