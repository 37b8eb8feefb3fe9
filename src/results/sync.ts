import { z } from 'zod';
import { syncSequencesFields } from './sync-sequences.js';
import { syncTablesFields } from './sync-tables.js';
import { comparedTable } from './validate-data.js';

const index = z.object({
  name: z.string(),
  status: z.enum(['created', 'skipped_exists', 'failed']),
  duration_ms: z.number(),
  error: z.string().nullable(),
});

/** What `belt sync` did, in `detail`; a part is null when the run did not get that far. */
export const syncFields = z.object({
  detail: z.object({
    sequences: syncSequencesFields.nullable(),
    tables: syncTablesFields.nullable(),
    /** Indexes that had to be made in this run; those that were there already are not listed. */
    indexes: z.array(index),
    validation: z.object({ schema_name: z.string(), tables: z.array(comparedTable) }).nullable(),
  }),
});

export type SyncFields = z.infer<typeof syncFields>;
