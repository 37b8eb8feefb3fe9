import { z } from 'zod';

/** What `belt remove-indexes` or `belt remove-constraints` did, in `detail`. */
export const removalFields = z.object({
  detail: z.object({
    /** The file that says what can be made again; null when the source's catalog was asked. */
    definitions_file: z.string().nullable(),
    objects: z.array(
      z.object({
        name: z.string(),
        /** The table, materialized view or domain it stands on. */
        table: z.string(),
        /** `to_remove` with --dry-run, or when the run did not get that far. */
        status: z.enum(['removed', 'to_remove', 'left']),
        /** Why it was left; null for others. */
        reason: z.string().nullable(),
      }),
    ),
  }),
});

export type RemovalFields = z.infer<typeof removalFields>;
