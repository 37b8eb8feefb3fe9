import { z } from 'zod';

const table = z.object({
  name: z.string(),
  /** The key's columns in its order; null without a primary key that is valid and not deferrable. */
  primary_key: z.array(z.string()).nullable(),
  replication_method: z.enum(['pglogical', 'dump_and_load', 'unavailable']),
  /** Why it is not replicated with pglogical; null when it is. */
  reason: z.string().nullable(),
});

/** What `belt check-pkeys` tells about the tables of one database, in `detail`. */
export const checkPkeysFields = z.object({
  detail: z.object({
    schema_name: z.string(),
    with_primary_key: z.array(z.string()),
    without_primary_key: z.array(z.string()),
    /** Every table, and how its rows will be moved. */
    tables: z.array(table),
  }),
});

export type CheckPkeysFields = z.infer<typeof checkPkeysFields>;
