import { z } from 'zod';

/** What `belt remove-indexes` or `belt remove-constraints` did, in `detail`. */
export const removalFields = z.object({
  detail: z.object({
    definitions_file: z
      .string()
      .nullable()
      .describe("The file that says what can be made again; null when the source's catalog was asked."),
    objects: z.array(
      z.object({
        name: z.string(),
        table: z.string().describe('The table, materialized view or domain it stands on.'),
        status: z
          .enum(['removed', 'to_remove', 'left'])
          .describe('`to_remove` with --dry-run, or when the run did not get that far.'),
        reason: z.string().nullable().describe('Why it was left; null for others.'),
      }),
    ),
  }),
});

export type RemovalFields = z.infer<typeof removalFields>;
