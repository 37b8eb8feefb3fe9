import { z } from 'zod';

/** What `belt diff-schemas` tells about one database. */
export const diffSchemasFields = z.object({
  result: z.enum(['match', 'mismatch', 'skipped']),
  /** Why the schemas were not compared; null when they were. */
  reason: z.string().nullable(),
  /** A head for each object that is not the same, `- ` before the source's lines, `+ ` before the destination's; or empty. */
  diff: z.string(),
  differences: z.array(
    z.object({
      kind: z.string(),
      object: z.string(),
      problem: z.enum(['missing', 'extra', 'changed']),
      /** What defines it on the source, in lines; of a changed object, those that differ. Null: it is not there. */
      src: z.array(z.string()).nullable(),
      dst: z.array(z.string()).nullable(),
    }),
  ),
});

export type DiffSchemasFields = z.infer<typeof diffSchemasFields>;
