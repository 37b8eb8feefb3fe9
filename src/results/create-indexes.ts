import { z } from 'zod';

/** What became of one index. */
export const indexResult = z.object({
  name: z.string(),
  status: z.enum(['created', 'skipped_exists', 'failed']),
  duration_ms: z.number(),
  error: z.string().nullable().describe("PostgreSQL's message, when it failed."),
  hint: z.string().nullable().describe('What to do about the error.'),
});

/** What `belt create-indexes` tells about one database. */
export const createIndexesFields = z.object({
  indexes_file: z
    .string()
    .nullable()
    .describe("The file that the definitions come from; null when the source's catalog was asked."),
  indexes: z.array(indexResult),
  analyze_ran: z.boolean().describe('Whether statistics were gathered on the destination afterwards.'),
});

export type CreateIndexesFields = z.infer<typeof createIndexesFields>;
