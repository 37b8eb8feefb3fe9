import { z } from 'zod';

/** What `belt sync-tables` did to one database. */
export const syncTablesFields = z.object({
  schema_name: z.string(),
  discovery_mode: z.enum(['auto', 'explicit']).describe('`explicit` when the tables were named on the command line.'),
  tables: z.array(
    z.object({
      name: z.string(),
      loaded: z.boolean().describe('Whether this run copied it.'),
      skipped_reason: z.string().nullable().describe('Why it was not copied.'),
      row_count: z.number().nullable().describe('Rows on the destination now; null when that is not known.'),
      duration_ms: z.number(),
      error: z.string().nullable(),
    }),
  ),
});

export type SyncTablesFields = z.infer<typeof syncTablesFields>;
