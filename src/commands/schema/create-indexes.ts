import { analyzeStep } from '../../data/analyze-step.js';
import { BeltError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { CreateIndexesFields } from '../../results/create-indexes.js';
import { deferredOrigin } from '../../schema/deferred-origin.js';
import { indexesStep } from '../../schema/deferred-steps.js';
import type { Outcome } from '../define.js';

interface Options {
  readonly jobs: number;
  readonly concurrently: boolean;
  readonly fromFiles: boolean;
}

/** Builds the indexes that the initial load left out, then gathers statistics for what has changed. */
export async function run(pair: Pair, options: Options): Promise<Outcome<CreateIndexesFields>> {
  const { jobs, concurrently } = options;
  const origin = deferredOrigin(pair, options);
  const fields: CreateIndexesFields = {
    indexes_file: origin.files?.indexes ?? null,
    indexes: [],
    analyze_ran: false,
  };
  try {
    await pair.run([
      indexesStep(pair, {
        jobs,
        concurrently,
        origin,
        keep: (results) => {
          fields.indexes = [...results];
        },
      }),
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
