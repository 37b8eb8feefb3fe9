import { z } from 'zod';

/** What became of one index. */
export const indexResult = z.object({
  name: z.string(),
  status: z.enum(['created', 'skipped_exists', 'failed']),
  duration_ms: z.number(),
  error: z.string().nullable(),
  /** What to do about the error. */
  hint: z.string().nullable(),
});

/** What `belt create-indexes` tells about one database. */
export const createIndexesFields = z.object({
  /** The file that the definitions come from; null when the source's catalog was asked. */
  indexes_file: z.string().nullable(),
  indexes: z.array(indexResult),
  analyze_ran: z.boolean(),
});

export type CreateIndexesFields = z.infer<typeof createIndexesFields>;
