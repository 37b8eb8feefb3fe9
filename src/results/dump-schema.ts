import { z } from 'zod';

/** What `belt dump-schema` wrote, in `detail`. */
export const dumpSchemaFields = z.object({
  detail: z.object({
    files: z.array(
      z.object({
        kind: z
          .enum(['schema', 'load', 'indexes', 'constraints'])
          .describe('schema: all of it; load: what load-schema loads; indexes and constraints: what comes later.'),
        path: z.string().describe('From the project folder.'),
        objects: z.number().describe("What stands in it: entries of pg_dump's, indexes, or constraints."),
      }),
    ),
    invalid_indexes: z
      .array(z.string())
      .describe('Indexes of the source that a failed build left behind: they stand in no file.'),
  }),
});

export type DumpSchemaFields = z.infer<typeof dumpSchemaFields>;
