import { z } from 'zod';

/** What `belt load-constraints` did, in `detail`. */
export const loadConstraintsFields = z.object({
  detail: z.object({
    constraints_file: z
      .string()
      .nullable()
      .describe("The file that the definitions come from; null when the source's catalog was asked."),
    constraints: z.array(
      z.object({
        name: z.string(),
        table: z.string().describe('The table or domain it stands on.'),
        status: z.enum(['added', 'skipped_exists', 'missing']).describe('missing: the run did not get that far.'),
      }),
    ),
  }),
});

export type LoadConstraintsFields = z.infer<typeof loadConstraintsFields>;
