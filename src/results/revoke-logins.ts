import { z } from 'zod';

/** What `belt revoke-logins` did, in `detail`. */
export const revokeLoginsFields = z.object({
  detail: z.object({
    /** Roles that lost LOGIN in this run. */
    revoked: z.array(z.string()),
    /** All roles that restore-logins would give LOGIN back to. */
    saved: z.array(z.string()),
    /** Sessions that were ended; 0 without --disconnect. */
    disconnected: z.number(),
    /** Client sessions that are still open in the database, by user. */
    remaining_sessions: z.record(z.string(), z.number()),
  }),
});

export type RevokeLoginsFields = z.infer<typeof revokeLoginsFields>;
