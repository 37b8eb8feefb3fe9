import { z } from 'zod';

/** What `belt load-constraints` did, in `detail`. */
export const loadConstraintsFields = z.object({
  detail: z.object({
    /** The file that the definitions come from; null when the source's catalog was asked. */
    constraints_file: z.string().nullable(),
    constraints: z.array(
      z.object({
        name: z.string(),
        /** The table or domain it stands on. */
        table: z.string(),
        status: z.enum(['added', 'skipped_exists', 'missing']),
      }),
    ),
  }),
});

export type LoadConstraintsFields = z.infer<typeof loadConstraintsFields>;
