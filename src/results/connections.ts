import { z } from 'zod';

const side = z.object({
  total_connections: z.number(),
  /** Sessions by user, most first. */
  by_user: z.record(z.string(), z.number()),
});

/** What `belt connections` counts for one database. */
export const connectionsFields = z.object({ source: side, destination: side });

export type ConnectionsFields = z.infer<typeof connectionsFields>;
export type ConnectionsSide = z.infer<typeof side>;
