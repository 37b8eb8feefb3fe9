import { analyzeStep } from '../../data/analyze-step.js';
import type { Pair } from '../../pair/pair.js';
import { requireSchemas } from '../../pair/require-schema.js';
import type { DetailFields } from '../../results/detail.js';
import { viewsStep } from '../../schema/deferred-steps.js';
import type { RefreshedView } from '../../schema/materialized-views.js';
import type { Outcome } from '../define.js';

interface Options {
  readonly jobs: number;
  /** Whether materialized views are refreshed before. */
  readonly refresh: boolean;
}

/** Runs ANALYZE on every table of the schema on the destination. */
export async function run(pair: Pair, { jobs, refresh }: Options): Promise<Outcome<DetailFields>> {
  let views: readonly RefreshedView[] = [];
  let analyzed: readonly string[] = [];
  await pair.run([
    {
      name: 'check-schema',
      title: 'look for the schema on the destination',
      readOnly: true,
      run: () => requireSchemas(pair, 'dst'),
    },
    ...(refresh ? [viewsStep(pair, { again: true, keep: (results) => (views = results) })] : []),
    analyzeStep(pair, { jobs, onlyStale: false }, (result) => {
      ({ analyzed } = result);
    }),
  ]);
  return { fields: { detail: { analyzed, ...(refresh ? { views } : {}) } } };
}
