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
  /** Whether belt reaches the port. */
  src_tcp: z.boolean(),
  /** Whether root can log in and run a query. */
  src_query: z.boolean(),
  src_owner_query: z.boolean(),
  /** Whether the source server can connect to the destination database, by way of the extension dblink. */
  src_to_dst_dblink: z.boolean(),
  dst_tcp: z.boolean(),
  dst_query: z.boolean(),
  dst_owner_query: z.boolean(),
  dst_to_src_dblink: z.boolean(),
  all_ok: z.boolean(),
  failed_checks: z.array(check),
  /** Why each of the failed checks failed. */
  reasons: z.partialRecord(check, z.string()),
});

export type Check = z.infer<typeof check>;
export type CheckConnectivityFields = z.infer<typeof checkConnectivityFields>;
