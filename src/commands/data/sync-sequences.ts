import { syncSequences, type SequencesResult } from '../../data/sequences.js';
import { sequencesStep } from '../../data/sequences-steps.js';
import { writersStep } from '../../data/source-checks.js';
import type { Pair } from '../../pair/pair.js';
import { requireSchemas } from '../../pair/require-schema.js';
import type { SyncSequencesFields } from '../../results/sync-sequences.js';
import type { Outcome } from '../define.js';

const MOVING =
  'the sequences that they use move on; run this again (or belt sync) when nobody can write on the source any more';

/** Sets the destination's sequences; in a plan it says where each would be set. */
export async function run(pair: Pair, { stride }: { readonly stride: number }): Promise<Outcome<SyncSequencesFields>> {
  const { text } = await pair.schemas();
  let result: SequencesResult = { schema_name: text, stride, pk_sequences: [], non_pk_sequences: [] };
  await pair.run([
    {
      name: 'check-schema',
      title: 'look for the schema on the source',
      readOnly: true,
      run: () => requireSchemas(pair, 'src'),
    },
    writersStep(pair, MOVING),
  ]);
  if (pair.options.dryRun) {
    const reading = { name: 'read-sequences', title: 'read the sequences of both sides' };
    result = await pair.step(reading, () => syncSequences(pair, { stride, dryRun: true }));
  }
  await pair.run([
    sequencesStep(pair, { stride }, (done) => {
      result = done;
    }),
  ]);
  return { fields: result };
}
