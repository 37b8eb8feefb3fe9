import { z } from 'zod';
import { indexResult } from './create-indexes.js';
import { schemaDifference } from './diff-schemas.js';
import { syncSequencesFields } from './sync-sequences.js';
import { syncTablesFields } from './sync-tables.js';
import { comparedTable } from './validate-data.js';

/** What `belt sync` did, in `detail`; a part is null when the run did not get that far. */
export const syncFields = z.object({
  detail: z.object({
    sequences: syncSequencesFields.nullable(),
    tables: syncTablesFields.nullable(),
    indexes: z
      .array(indexResult)
      .describe('Indexes that had to be made in this run; those that were there already are not listed.'),
    schema: z
      .object({
        differences: z
          .array(schemaDifference)
          .describe(
            'In what the destination is not as the source; sync fails for those that an application would meet.',
          ),
      })
      .nullable(),
    validation: z.object({ schema_name: z.string(), tables: z.array(comparedTable) }).nullable(),
  }),
});

export type SyncFields = z.infer<typeof syncFields>;
