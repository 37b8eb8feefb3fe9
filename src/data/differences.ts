export { describeDifference, VALUE_LIMIT } from '../results/describe-difference.js';

/** What a comparison found. Values are cut at 200 characters. */
export interface Difference {
  readonly table: string;
  /** The row's key by column, as text; for a table without key, values by which the row can be found. */
  readonly key: Readonly<Record<string, string | null>>;
  /** `src` or `dst` when the row is not on that side. */
  readonly missingOn: 'src' | 'dst' | null;
  /** The columns that differ, when both sides have the row. */
  readonly columns: readonly ColumnDifference[];
  /** What else there is to say. */
  readonly note: string | null;
}

export interface ColumnDifference {
  readonly name: string;
  /** null for NULL */
  readonly src: string | null;
  readonly dst: string | null;
}
