import { z } from 'zod';

/** What `belt dump-schema` wrote, in `detail`. */
export const dumpSchemaFields = z.object({
  detail: z.object({
    files: z.array(
      z.object({
        kind: z.enum(['schema', 'load', 'indexes', 'constraints']),
        /** From the project folder. */
        path: z.string(),
        /** What stands in it: entries of pg_dump's, indexes, or constraints. */
        objects: z.number(),
      }),
    ),
    /** Indexes of the source that a failed build left behind: they stand in no file. */
    invalid_indexes: z.array(z.string()),
  }),
});

export type DumpSchemaFields = z.infer<typeof dumpSchemaFields>;
