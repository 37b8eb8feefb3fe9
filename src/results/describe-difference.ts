import type { Difference } from '../data/differences.js';

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
