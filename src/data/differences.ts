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

/** Longest value, in characters, that differences carry. */
export const VALUE_LIMIT = 200;

/** A difference as a sentence without the table: `key (id)=(17): column "d": 1.25 on the source, 1.26 on the destination`. */
export function describeDifference({ key, missingOn, columns, note }: Difference): string {
  const names = Object.keys(key);
  const where = `key (${names.join(', ')})=(${names.map((name) => shown(key[name] ?? null)).join(', ')})`;
  const parts = columns.map(
    ({ name, src, dst }) => `column "${name}": ${shown(src)} on the source, ${shown(dst)} on the destination`,
  );
  if (missingOn !== null) parts.unshift(`not on the ${missingOn === 'src' ? 'source' : 'destination'}`);
  if (note !== null) parts.push(note);
  return names.length === 0 ? parts.join('; ') : `${where}: ${parts.join('; ')}`;
}

function shown(value: string | null): string {
  if (value === null) return 'NULL';
  return value.length >= VALUE_LIMIT ? `${value}…` : value;
}
