import { z } from 'zod';

const table = z.object({
  name: z.string(),
  primary_key: z
    .array(z.string())
    .nullable()
    .describe("The key's columns in its order; null without a primary key that is valid and not deferrable."),
  replication_method: z
    .enum(['pglogical', 'dump_and_load', 'unavailable'])
    .describe('Replicated, copied in the downtime by sync, or not moved at all.'),
  reason: z.string().nullable().describe('Why it is not replicated with pglogical; null when it is.'),
});

/** What `belt check-pkeys` tells about the tables of one database, in `detail`. */
export const checkPkeysFields = z.object({
  detail: z.object({
    schema_name: z.string(),
    with_primary_key: z.array(z.string()).describe('Names of tables.'),
    without_primary_key: z.array(z.string()).describe('Names of tables.'),
    tables: z.array(table).describe('Every table, and how its rows will be moved.'),
  }),
});

export type CheckPkeysFields = z.infer<typeof checkPkeysFields>;
