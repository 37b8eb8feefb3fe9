import { analyzeTables } from '../../data/analyze.js';
import type { Pair } from '../../pair/pair.js';
import type { DetailFields } from '../../results/detail.js';
import type { Outcome } from '../define.js';

/** Runs ANALYZE on every table of the schema on the destination. */
export async function run(pair: Pair, { jobs }: { readonly jobs: number }): Promise<Outcome<DetailFields>> {
  let analyzed: readonly string[] = [];
  await pair.run([
    {
      name: 'analyze',
      title: 'gather statistics on the destination',
      run: async (progress) => {
        ({ analyzed } = await analyzeTables(pair, { jobs, onlyStale: false, progress }));
        return `analyzed ${String(analyzed.length)} tables`;
      },
    },
  ]);
  return { fields: { detail: { analyzed } } };
}
