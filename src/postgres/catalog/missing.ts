import { RefusedError } from '../../errors.js';
import { describeAddress } from '../failures.js';
import type { Session } from '../session.js';

/**
 * Refuses when names that the config (or an option) asks for are not in the schema: all of them at once, each with
 * the names that come nearest.
 * @param kind what the names stand for, in the singular: `table`, `sequence`
 * @param existing reads the names that there are; asked only when one is missing
 * @throws RefusedError naming what is missing
 */
export async function refuseMissing(
  session: Session,
  kind: string,
  schema: string,
  wanted: readonly string[],
  found: ReadonlySet<string>,
  existing: () => Promise<readonly string[]>,
): Promise<void> {
  const missing = [...new Set(wanted)].filter((name) => !found.has(name));
  if (missing.length === 0) return;
  const candidates = await existing();
  const described = missing.map((name) => {
    const near = nearestNames(name, candidates);
    return `"${name}"${near.length === 0 ? '' : ` (nearest: ${near.map((one) => `"${one}"`).join(', ')})`}`;
  });
  const plural = missing.length === 1 ? `${kind} is` : `${kind}s are`;
  throw new RefusedError(
    `${describeAddress(session.address)}: ${String(missing.length)} ${plural} not in schema "${schema}": ${described.join(', ')}`,
    {
      hint:
        candidates.length === 0
          ? `Schema "${schema}" holds no ${kind}: check "schema_name" in the config.`
          : `Check the names in the config ("${kind}s"): upper and lower case count, quotes and the schema do not belong to them.`,
      detail: { side: session.address.side, schema, missing },
    },
  );
}

/** The names most like `name`, at most three, best first; none when nothing comes near. */
export function nearestNames(name: string, candidates: readonly string[]): string[] {
  const plain = name.toLowerCase().replaceAll('"', '').split('.').at(-1) ?? '';
  const limit = Math.max(1, Math.floor(plain.length / 3));
  return candidates
    .map((candidate) => ({ candidate, distance: editDistance(plain, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Levenshtein's distance: how many characters must be put in, taken out or changed. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
