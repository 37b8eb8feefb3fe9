import { z } from 'zod';
import { sequenceValue } from './sync-sequences.js';

/** What `belt diff-sequences` tells about one database. */
export const diffSequencesFields = z.object({
  schema_name: z.string(),
  sequences: z.array(
    z.object({
      name: z.string(),
      source_value: sequenceValue,
      /** null when the destination has no such sequence. */
      destination_value: sequenceValue.nullable(),
      /** Whether the destination gives out no value that was given out, or is in use, already. */
      destination_ok: z.boolean(),
      /** Why it is not ok; null when it is. */
      reason: z.string().nullable(),
    }),
  ),
  result: z.enum(['match', 'mismatch']),
});

export type DiffSequencesFields = z.infer<typeof diffSequencesFields>;
