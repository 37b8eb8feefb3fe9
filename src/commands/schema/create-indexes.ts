import { analyzeTables } from '../../data/analyze.js';
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
      {
        name: 'analyze',
        title: 'gather statistics on the destination for tables that changed',
        run: async (progress) => {
          const { analyzed } = await analyzeTables(pair, { jobs, onlyStale: true, progress });
          fields.analyze_ran = true;
          return `analyzed ${String(analyzed.length)}`;
        },
      },
    ]);
  } catch (error) {
    if (!(error instanceof BeltError)) throw error;
    return { fields, error };
  }
  return { fields };
}
