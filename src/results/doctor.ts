import { z } from 'zod';

const direction = z.enum(['unconfigured', 'initializing', 'replicating', 'down']);

const finding = z.object({
  /** Stable name of the kind of trouble, for programs: `subscription-disabled`. */
  code: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  /** `fail`: stops a direction, or will with the next change; `warn`: trouble ahead; `note`: a fact to know. */
  severity: z.enum(['fail', 'warn', 'note']),
  /** Which direction suffers; null when it is none in particular. */
  direction: z.enum(['forward', 'back']).nullable(),
  /** Where the trouble is, which is where it must be mended. */
  side: z.enum(['src', 'dst']),
  /** What it is about: a subscription, a slot, a table, a role. */
  object: z.string(),
  problem: z.string(),
  /** What to do: a sentence, or a statement. */
  remedy: z.string(),
  /** Whether `belt doctor --fix` mends it. */
  fixable: z.boolean(),
});

/** What `belt doctor` tells about one database; with --fix the findings are those that are left after it. */
export const doctorFields = z.object({
  forward_replication: direction,
  back_replication: direction,
  /** Worst first. */
  findings: z.array(finding),
  /** The codes of what --fix has mended. */
  fixed: z.array(z.string()),
});

export type DoctorFields = z.infer<typeof doctorFields>;
export type DoctorFinding = z.infer<typeof finding>;
