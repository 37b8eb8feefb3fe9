import { z } from 'zod';

const side = z.object({
  total_connections: z
    .number()
    .describe('Open sessions of clients; belt, replication and excluded roles do not count.'),
  by_user: z.record(z.string(), z.number()).describe('Sessions by user, most first.'),
});

/** What `belt connections` counts for one database. */
export const connectionsFields = z.object({ source: side, destination: side });

export type ConnectionsFields = z.infer<typeof connectionsFields>;
export type ConnectionsSide = z.infer<typeof side>;
