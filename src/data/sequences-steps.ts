import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { compareSequences, type SequenceComparison } from './compare-sequences.js';
import { syncSequences, type SequencesResult } from './sequences.js';

/**
 * The step that sets the destination's sequences.
 * @param keep gets what became of each
 */
export function sequencesStep(
  pair: Pair,
  { stride = 0 }: { readonly stride?: number },
  keep: (result: SequencesResult) => void,
): Step {
  return {
    name: 'sync-sequences',
    title: 'set the sequences on the destination',
    run: async () => {
      const result = await syncSequences(pair, { stride });
      keep(result);
      const all = [...result.pk_sequences, ...result.non_pk_sequences];
      return `set ${String(all.filter(({ synced }) => synced).length)} of ${String(all.length)}`;
    },
  };
}

/**
 * The step that compares the sequences of both sides.
 * @param keep gets the comparison, also when it found something
 */
export function compareSequencesStep(pair: Pair, keep: (result: SequenceComparison) => void): Step {
  return {
    name: 'diff-sequences',
    title: 'compare the sequences of both sides',
    readOnly: true,
    run: async () => {
      const { result, error } = await compareSequences(pair);
      keep(result);
      if (error !== undefined) throw error;
      return `${String(result.sequences.length)} sequences will go on where the source's stand`;
    },
  };
}
