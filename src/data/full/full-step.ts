import type { Pair } from '../../pair/pair.js';
import type { Step } from '../../pair/steps.js';
import type { Validation } from '../validate.js';
import { compareAll, type CompareAllOptions } from './compare-all.js';

/**
 * The step that compares every row of every table.
 * @param keep gets what was compared, also when something differs
 */
export function fullStep(
  pair: Pair,
  options: Omit<CompareAllOptions, 'progress'>,
  keep: (validation: Validation) => void = () => undefined,
): Step {
  return {
    name: 'compare-all',
    title: 'compare every row of every table on both sides',
    readOnly: true,
    run: async (progress) => {
      const validation = await compareAll(pair, { ...options, progress });
      keep(validation);
      if (validation.error !== undefined) throw validation.error;
      const { tables } = validation.result;
      const rows = tables.reduce((sum, { rows_compared }) => sum + rows_compared, 0);
      return `${String(rows)} rows of ${String(tables.length)} tables are equal`;
    },
  };
}
