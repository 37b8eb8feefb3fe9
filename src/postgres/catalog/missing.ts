import { nearest } from '../../nearest.js';
import { RefusedError } from '../../errors.js';
import { describeAddress } from '../failures.js';
import type { Session } from '../session.js';

/**
 * Refuses when names that the config (or an option) asks for are not in the schema: all of them at once, each with
 * the name that comes nearest.
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
    const near = nearest(name, candidates);
    return `"${name}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`;
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
