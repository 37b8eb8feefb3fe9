import { z } from 'zod';

/** One thing in which two schemas are not the same. */
export const schemaDifference = z.object({
  kind: z.string().describe('What it is: table, column, index, function ...'),
  object: z.string().describe('Its name.'),
  problem: z
    .enum(['missing', 'extra', 'changed'])
    .describe('The destination lacks it, has it besides, or has it in another form.'),
  src: z
    .array(z.string())
    .nullable()
    .describe(
      'What defines it on the source, in lines; of a changed object, those that differ. Null: it is not there.',
    ),
  dst: z.array(z.string()).nullable().describe('The same of the destination.'),
});

/** What `belt diff-schemas` tells about one database. */
export const diffSchemasFields = z.object({
  result: z
    .enum(['match', 'mismatch', 'skipped'])
    .describe('skipped: the config lists tables, so only a part of the schema moves.'),
  reason: z.string().nullable().describe('Why the schemas were not compared; null when they were.'),
  diff: z
    .string()
    .describe(
      "A head for each object that is not the same, `- ` before the source's lines, `+ ` before the destination's; or empty.",
    ),
  differences: z.array(schemaDifference),
});

export type DiffSchemasFields = z.infer<typeof diffSchemasFields>;
