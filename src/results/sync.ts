import { z } from 'zod';
import { indexResult } from './create-indexes.js';
import { refreshedView } from './refreshed-view.js';
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
    views: z.array(refreshedView).describe('Materialized views that were refreshed in this run, in their order.'),
    large_objects: z
      .object({
        source: z.number().describe('How many the source has.'),
        destination: z.number(),
        copied: z.number().describe('How many were copied in this run.'),
        bytes: z.number().describe('The size of those copied, in whole pages.'),
      })
      .nullable()
      .describe('Null when there are none, or without --large-objects.'),
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
