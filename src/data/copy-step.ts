import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { copyTables, type CopyTablesOptions, type CopyTablesResult } from './copy-tables.js';

/**
 * The step that copies tables which replication does not bring.
 * @param keep gets what became of each table, also when some failed
 */
export function copyStep(
  pair: Pair,
  options: Omit<CopyTablesOptions, 'progress'>,
  keep: (result: CopyTablesResult) => void,
): Step {
  return {
    name: 'sync-tables',
    title: 'copy the tables that are not replicated',
    run: async (progress) => {
      const { result, error } = await copyTables(pair, { ...options, progress });
      keep(result);
      if (error !== undefined) throw error;
      const loaded = result.tables.filter((table) => table.loaded).length;
      return `copied ${String(loaded)} of ${String(result.tables.length)}`;
    },
  };
}
