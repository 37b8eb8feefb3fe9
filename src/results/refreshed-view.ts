import { z } from 'zod';

/** What became of one materialized view. */
export const refreshedView = z.object({
  name: z.string(),
  status: z.enum(['refreshed', 'failed']),
  concurrently: z.boolean().describe('Whether queries on it could go on meanwhile (REFRESH ... CONCURRENTLY).'),
  duration_ms: z.number(),
  error: z.string().nullable().describe("PostgreSQL's message, when it failed."),
});
