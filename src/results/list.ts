import { z } from 'zod';
import { errorSchema } from './envelope.js';

/** The JSON of `belt list`: as the envelope of commands on databases, but rows may be of several datacenters. */

const side = z
  .object({
    host: z.string().nullable(),
    port: z.number().nullable(),
    db: z.string().nullable().describe("The database's name on the server."),
  })
  .nullable();

const listRow = z.object({
  dc: z.string(),
  db: z.string(),
  success: z.boolean().describe('Whether the file is without fault.'),
  error: errorSchema,
  steps: z.array(z.never()),
  origin: z
    .enum(['configs', 'remote-configs'])
    .describe('remote-configs: it has not been fetched yet, so the sides are not known.'),
  file: z.string().describe('From the project folder.'),
  schema_name: z.string().nullable(),
  src: side,
  dst: side,
  resolvers: z
    .object({ src: z.string().nullable(), dst: z.string().nullable() })
    .nullable()
    .describe('The modules that fetch the sides of a remote config.'),
});

export const listSchema = z.object({
  command: z.literal('list'),
  dc: z.string().nullable().describe('null for all datacenters.'),
  db: z.null(),
  success: z.boolean(),
  timestamp: z.iso.datetime(),
  duration_ms: z.number(),
  error: errorSchema,
  results: z.array(listRow),
});

export type ListRow = z.infer<typeof listRow>;
export type ListResult = z.infer<typeof listSchema>;
