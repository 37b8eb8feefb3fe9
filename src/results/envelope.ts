import { z } from 'zod';

/** The JSON that every command gives, whatever it does. */

export const errorSchema = z
  .object({
    error_type: z.string(),
    message: z.string(),
    detail: z.record(z.string(), z.unknown()).nullable(),
  })
  .nullable();

const stepSchema = z.object({
  name: z.string(),
  status: z.enum(['ok', 'skipped', 'failed', 'planned']),
  message: z.string().nullable(),
  duration_ms: z.number(),
});

const rowBase = z.object({
  db: z.string(),
  success: z.boolean(),
  error: errorSchema,
  steps: z.array(stepSchema),
});

/** The schema of a command's whole JSON; the command's own fields may be absent from a row that failed. */
export function envelopeSchema<Shape extends z.ZodRawShape>(fields: z.ZodObject<Shape>) {
  return z.object({
    command: z.string(),
    dc: z.string(),
    db: z.string().nullable(),
    success: z.boolean(),
    timestamp: z.iso.datetime(),
    duration_ms: z.number(),
    error: errorSchema,
    results: z.array(
      z.union([rowBase.extend(fields.shape).strict(), rowBase.extend({ success: z.literal(false) }).strict()]),
    ),
  });
}

type RowBase = z.infer<typeof rowBase>;

/** One database's result: the command's own fields are absent when it failed before it had them. */
export type Row<Fields extends object> = RowBase & Partial<Fields>;

export interface Envelope<Fields extends object> {
  command: string;
  dc: string;
  /** null when it was run for every database of the datacenter. */
  db: string | null;
  success: boolean;
  /** ISO 8601, UTC: when the command started. */
  timestamp: string;
  duration_ms: number;
  error: z.infer<typeof errorSchema>;
  results: Row<Fields>[];
}
