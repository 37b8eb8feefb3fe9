import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import type { Table } from '../postgres/catalog/tables.js';
import type { Label } from '../postgres/schemas.js';
import { validateData, type ValidateOptions, type Validation } from './validate.js';

interface StepOptions extends Pick<ValidateOptions, 'jobs' | 'settle'> {
  /** The step's name: a command may compare its tables in two steps. */
  readonly name: string;
  /** Which tables they are, as a word or two: `replicated`. */
  readonly which?: string;
  /** The tables to compare. */
  readonly tables: readonly Table[];
  /** Rows of tables on the source that an earlier step has counted, asked for when this one begins. */
  readonly rowCounts?: () => ReadonlyMap<Label, number>;
}

/**
 * The step that compares a sample of every table's rows; changes nothing, but a plan only names it, since it follows
 * upon steps that do.
 * @param keep gets what was compared, also when something differs
 */
export function validateStep(
  pair: Pair,
  { name, which, tables, rowCounts, ...options }: StepOptions,
  keep: (validation: Validation) => void,
): Step {
  return {
    name,
    title: `compare rows of the ${which === undefined ? '' : `${which} `}tables on both sides`,
    run: async () => {
      const validation = await validateData(pair, { ...options, tables, rowCounts: rowCounts?.() });
      keep(validation);
      if (validation.error !== undefined) throw validation.error;
      const rows = validation.result.tables.reduce((sum, { rows_compared }) => sum + rows_compared, 0);
      return `${String(rows)} rows of ${String(tables.length)} tables are equal`;
    },
  };
}
