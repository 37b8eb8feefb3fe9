import { z } from 'zod';

/** What was compared of one table in one way. */
export const comparedTable = z.object({
  name: z.string(),
  strategy: z.enum(['random_100', 'latest_100', 'no_pkey_presence', 'full']),
  rows_compared: z.number(),
  passed: z.boolean(),
  mismatch_detail: z.string().nullable(),
});

const difference = z.object({
  table: z.string(),
  /** The row's key by column, as text; for a table without key, values by which the row can be found. */
  key: z.record(z.string(), z.string().nullable()),
  /** The columns that differ; values as text, cut at 200 characters, null for NULL. */
  columns: z.array(z.object({ name: z.string(), src: z.string().nullable(), dst: z.string().nullable() })),
  /** The side that lacks the row. */
  missing_on: z.enum(['src', 'dst']).nullable(),
  note: z.string().nullable(),
});

/** What `belt validate-data` found in one database. */
export const validateDataFields = z.object({
  schema_name: z.string(),
  /** A row per table and strategy. One that was skipped has not passed, and has not failed either. */
  tables: z.array(comparedTable.extend({ skipped_reason: z.string().nullable() })),
  /** The first rows that differ in each table. */
  differences: z.array(difference),
});

export type ValidateDataFields = z.infer<typeof validateDataFields>;
