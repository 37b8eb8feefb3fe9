import { z } from 'zod';
import { errorSchema } from './envelope.js';

/** The JSON of `belt list`: as the envelope of commands on databases, but rows may be of several datacenters. */

const side = z
  .object({
    host: z.string().nullable(),
    port: z.number().nullable(),
    /** The database's name on the server. */
    db: z.string().nullable(),
  })
  .nullable();

const listRow = z.object({
  dc: z.string(),
  db: z.string(),
  /** Whether the file is without fault. */
  success: z.boolean(),
  error: errorSchema,
  steps: z.array(z.never()),
  /** remote-configs: it has not been fetched yet, so the sides are not known. */
  origin: z.enum(['configs', 'remote-configs']),
  /** From the project folder. */
  file: z.string(),
  schema_name: z.string().nullable(),
  src: side,
  dst: side,
  /** The modules that fetch the sides of a remote config. */
  resolvers: z.object({ src: z.string().nullable(), dst: z.string().nullable() }).nullable(),
});

export const listSchema = z.object({
  command: z.literal('list'),
  /** null for all datacenters. */
  dc: z.string().nullable(),
  db: z.null(),
  success: z.boolean(),
  timestamp: z.iso.datetime(),
  duration_ms: z.number(),
  error: errorSchema,
  results: z.array(listRow),
});

export type ListRow = z.infer<typeof listRow>;
export type ListResult = z.infer<typeof listSchema>;
