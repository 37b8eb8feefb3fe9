import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { analyzeDestination, type AnalyzeOptions, type AnalyzeResult } from './analyze.js';

/**
 * The step that gathers statistics on the destination.
 * @param keep gets what was analyzed, also when some of it failed
 */
export function analyzeStep(
  pair: Pair,
  options: Pick<AnalyzeOptions, 'jobs' | 'onlyStale'>,
  keep: (result: AnalyzeResult) => void = () => undefined,
): Step {
  return {
    name: 'analyze',
    title: `gather statistics on the destination${options.onlyStale === true ? ' for tables that changed' : ''}`,
    run: async (progress) => {
      const { result, error } = await analyzeDestination(pair, { ...options, progress });
      keep(result);
      if (error !== undefined) throw error;
      const fresh = options.onlyStale === true ? `, ${String(result.fresh.length)} were fresh` : '';
      return `analyzed ${String(result.analyzed.length)} tables${fresh}`;
    },
  };
}
