import type { SequenceComparison } from '../../data/compare-sequences.js';
import { compareSequencesStep } from '../../data/sequences-steps.js';
import { CheckFailedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { requireSchemas } from '../../pair/require-schema.js';
import type { DiffSequencesFields } from '../../results/diff-sequences.js';
import type { Outcome } from '../define.js';

/** Compares the sequences of both sides; a destination that would give out a value twice is an error. */
export async function run(pair: Pair): Promise<Outcome<DiffSequencesFields>> {
  const found: { comparison?: SequenceComparison } = {};
  try {
    await pair.run([
      {
        name: 'check-schema',
        title: 'look for the schema on the source',
        run: () => requireSchemas(pair, 'src'),
      },
      compareSequencesStep(pair, (comparison) => {
        found.comparison = comparison;
      }),
    ]);
  } catch (error) {
    if (!(error instanceof CheckFailedError) || found.comparison === undefined) throw error;
    return { fields: found.comparison, error };
  }
  if (found.comparison === undefined) throw new Error('step diff-sequences gave no result');
  return { fields: found.comparison };
}
