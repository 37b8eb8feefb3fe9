import { z } from 'zod';

/** What `belt create-indexes` tells about one database. */
export const createIndexesFields = z.object({
  /** Always null: the source's catalog is asked, no file. */
  indexes_file: z.null(),
  indexes: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['created', 'skipped_exists', 'failed']),
      duration_ms: z.number(),
      error: z.string().nullable(),
    }),
  ),
  analyze_ran: z.boolean(),
});

export type CreateIndexesFields = z.infer<typeof createIndexesFields>;
