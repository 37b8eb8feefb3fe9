import { analyzeStep } from '../../data/analyze-step.js';
import type { Pair } from '../../pair/pair.js';
import { requireSchemas } from '../../pair/require-schema.js';
import type { DetailFields } from '../../results/detail.js';
import type { Outcome } from '../define.js';

/** Runs ANALYZE on every table of the schema on the destination. */
export async function run(pair: Pair, { jobs }: { readonly jobs: number }): Promise<Outcome<DetailFields>> {
  let analyzed: readonly string[] = [];
  await pair.run([
    {
      name: 'check-schema',
      title: 'look for the schema on the destination',
      readOnly: true,
      run: () => requireSchemas(pair, 'dst'),
    },
    analyzeStep(pair, { jobs, onlyStale: false }, (result) => {
      ({ analyzed } = result);
    }),
  ]);
  return { fields: { detail: { analyzed } } };
}
