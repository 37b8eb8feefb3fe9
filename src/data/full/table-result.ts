import { describeDifference, type Difference } from '../differences.js';
import type { Found } from '../validate.js';
import type { FirstPass } from './first-pass.js';

/** What is wrong with a table. */
export interface Finding {
  /** How many rows differ. */
  readonly differing: number;
  /** Whether there are no more than that. */
  readonly exact: boolean;
  readonly differences: readonly Difference[];
}

export function equalTable({ table, rows }: FirstPass): Found {
  return {
    row: { name: table.label, strategy: 'full', rows_compared: rows.src, passed: true, mismatch_detail: null },
    differences: [],
  };
}

export function tableResult({ table, rows }: FirstPass, { differing, exact, differences }: Finding): Found {
  const compared = Math.max(rows.src, rows.dst);
  const [first] = differences;
  const parts = [
    `${exact ? '' : 'at least '}${String(differing)} of ${String(compared)} rows ${differing === 1 ? 'differs' : 'differ'}`,
    ...(rows.src === rows.dst ? [] : [`the source has ${String(rows.src)} rows, the destination ${String(rows.dst)}`]),
    ...(first === undefined ? [] : [describeDifference(first)]),
  ];
  return {
    row: {
      name: table.label,
      strategy: 'full',
      rows_compared: compared,
      passed: false,
      mismatch_detail: parts.join('; '),
    },
    differences,
  };
}
