import { z } from 'zod';

const direction = z.enum(['unconfigured', 'initializing', 'replicating', 'down']);

const finding = z.object({
  code: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)*$/)
    .describe('Stable name of the kind of trouble, for programs: `subscription-disabled`.'),
  severity: z
    .enum(['fail', 'warn', 'note'])
    .describe(
      '`fail`: stops a direction, or will with the next change; `warn`: trouble ahead; `note`: a fact to know.',
    ),
  direction: z
    .enum(['forward', 'back'])
    .nullable()
    .describe('Which direction suffers; null when it is none in particular.'),
  side: z.enum(['src', 'dst']).describe('Where the trouble is, which is where it must be mended.'),
  object: z.string().describe('What it is about: a subscription, a slot, a table, a role.'),
  problem: z.string().describe('What is wrong, in a sentence.'),
  remedy: z.string().describe('What to do: a sentence, or a statement.'),
  fixable: z.boolean().describe('Whether `belt doctor --fix` mends it.'),
});

/** What `belt doctor` tells about one database; with --fix the findings are those that are left after it. */
export const doctorFields = z.object({
  forward_replication: direction.describe('From the source to the destination.'),
  back_replication: direction.describe('From the destination to the source.'),
  findings: z.array(finding).describe('Worst first.'),
  fixed: z.array(z.string()).describe('The codes of what --fix has mended.'),
});

export type DoctorFields = z.infer<typeof doctorFields>;
export type DoctorFinding = z.infer<typeof finding>;
