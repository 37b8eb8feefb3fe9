import { z } from 'zod';

/** What was compared of one table in one way. */
export const comparedTable = z.object({
  name: z.string(),
  strategy: z
    .enum(['random_100', 'latest_100', 'no_pkey_presence', 'full'])
    .describe(
      'Which rows were compared: 100 random ones, the 100 with the highest keys, 100 of a table without key, or all.',
    ),
  rows_compared: z.number(),
  passed: z.boolean().describe('Whether they are all equal.'),
  mismatch_detail: z.string().nullable().describe('What differs, in a sentence.'),
});

const difference = z.object({
  table: z.string(),
  key: z
    .record(z.string(), z.string().nullable())
    .describe("The row's key by column, as text; for a table without key, values by which the row can be found."),
  columns: z
    .array(z.object({ name: z.string(), src: z.string().nullable(), dst: z.string().nullable() }))
    .describe('The columns that differ; values as text, cut at 200 characters, null for NULL.'),
  missing_on: z.enum(['src', 'dst']).nullable().describe('The side that lacks the row.'),
  note: z.string().nullable().describe('What else is to be said about the row.'),
});

/** What `belt validate-data` found in one database. */
export const validateDataFields = z.object({
  schema_name: z.string(),
  tables: z
    .array(comparedTable.extend({ skipped_reason: z.string().nullable().describe('Why it was not compared.') }))
    .describe('A row per table and strategy. One that was skipped has not passed, and has not failed either.'),
  differences: z.array(difference).describe('The first rows that differ.'),
});

export type ValidateDataFields = z.infer<typeof validateDataFields>;
