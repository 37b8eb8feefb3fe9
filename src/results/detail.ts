import { z } from 'zod';

/** The commands whose own result is free-form: what they did stands in the steps. */
export const detailFields = z.object({ detail: z.record(z.string(), z.unknown()) });

export type DetailFields = z.infer<typeof detailFields>;
