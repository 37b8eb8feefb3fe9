import { z } from 'zod';

/** What `belt sync-tables` did to one database. */
export const syncTablesFields = z.object({
  schema_name: z.string(),
  /** `explicit` when the tables were named on the command line. */
  discovery_mode: z.enum(['auto', 'explicit']),
  tables: z.array(
    z.object({
      name: z.string(),
      loaded: z.boolean(),
      skipped_reason: z.string().nullable(),
      /** Rows on the destination now; null when that is not known. */
      row_count: z.number().nullable(),
      duration_ms: z.number(),
      error: z.string().nullable(),
    }),
  ),
});

export type SyncTablesFields = z.infer<typeof syncTablesFields>;
