import { analyzeStep } from '../../data/analyze-step.js';
import { BeltError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { CreateIndexesFields } from '../../results/create-indexes.js';
import { indexesStep } from '../../schema/deferred-steps.js';
import type { Outcome } from '../define.js';

/** Builds the indexes that the initial load left out, then gathers statistics for what has changed. */
export async function run(pair: Pair, { jobs }: { readonly jobs: number }): Promise<Outcome<CreateIndexesFields>> {
  const fields: CreateIndexesFields = { indexes_file: null, indexes: [], analyze_ran: false };
  const step = indexesStep(pair, jobs, (results) => {
    fields.indexes = [...results];
  });
  try {
    await pair.run([
      step,
      analyzeStep(pair, { jobs, onlyStale: true }, () => {
        fields.analyze_ran = true;
      }),
    ]);
  } catch (error) {
    if (!(error instanceof BeltError)) throw error;
    return { fields, error };
  }
  return { fields };
}
