import { z } from 'zod';

/** What `belt revoke-logins` did, in `detail`. */
export const revokeLoginsFields = z.object({
  detail: z.object({
    revoked: z.array(z.string()).describe('Roles that lost LOGIN in this run.'),
    saved: z.array(z.string()).describe('All roles that restore-logins would give LOGIN back to.'),
    disconnected: z.number().describe('Sessions that were ended; 0 without --disconnect.'),
    remaining_sessions: z
      .record(z.string(), z.number())
      .describe('Client sessions that are still open in the database, by user.'),
  }),
});

export type RevokeLoginsFields = z.infer<typeof revokeLoginsFields>;
