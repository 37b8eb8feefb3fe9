import { z } from 'zod';

/** The checks of `belt check-connectivity`, in the order in which they are shown. */
export const CHECKS = [
  'src_tcp',
  'src_query',
  'src_owner_query',
  'src_to_dst_dblink',
  'dst_tcp',
  'dst_query',
  'dst_owner_query',
  'dst_to_src_dblink',
] as const;

const check = z.enum(CHECKS);

/** What `belt check-connectivity` found out about one database. */
export const checkConnectivityFields = z.object({
  src_tcp: z.boolean().describe("Whether belt reaches the source's port."),
  src_query: z.boolean().describe("Whether the source's root user can log in and run a query."),
  src_owner_query: z.boolean().describe('Whether the owner can.'),
  src_to_dst_dblink: z
    .boolean()
    .describe('Whether the source server can connect to the destination database, by way of the extension dblink.'),
  dst_tcp: z.boolean().describe('The same of the destination.'),
  dst_query: z.boolean().describe('The same of the destination.'),
  dst_owner_query: z.boolean().describe('The same of the destination.'),
  dst_to_src_dblink: z.boolean().describe('Whether the destination server can connect to the source database.'),
  all_ok: z.boolean().describe('Whether every check succeeded.'),
  failed_checks: z.array(check).describe('The names of those that failed.'),
  reasons: z.partialRecord(check, z.string()).describe('Why each of the failed checks failed.'),
});

export type Check = z.infer<typeof check>;
export type CheckConnectivityFields = z.infer<typeof checkConnectivityFields>;
