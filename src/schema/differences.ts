import type { Pair } from '../pair/pair.js';
import { compareInventories, type Difference } from './inventory/compare.js';
import { readInventory, type InventoryRow } from './inventory/read.js';
import { asDestinationWrites } from './inventory/views.js';

/**
 * Compares the schemas of both sides, object by object, from the catalogs; changes nothing. The source's owner role stands
 * for the destination's; what pglogical and belt add does not count; nor do words that differ between versions of
 * PostgreSQL. One statement on each side, and two more where the versions differ.
 * @param full whether indexes and NOT VALID constraints that are made after the data count
 * @param source the source's inventory, where it was read before with readSchema()
 * @returns an empty list when the schemas are the same
 */
export async function schemaDifferences(
  pair: Pair,
  { full, source = () => readSchema(pair, 'src') }: { readonly full: boolean; readonly source?: SchemaReader },
): Promise<Difference[]> {
  const [from, to] = await Promise.all([source(), readSchema(pair, 'dst')]);
  const { src, dst } = await pair.roots();
  const same = src.major === dst.major ? from : await asDestinationWrites(from, to, await pair.dst.owner());
  return compareInventories(same, to, { full });
}

export type SchemaReader = () => Promise<readonly InventoryRow[]>;

/** All that a side's schema holds, read with a session of its own, so that others do not wait for it. */
export async function readSchema(pair: Pair, side: 'src' | 'dst'): Promise<InventoryRow[]> {
  const own = pair[side].config.owner_user.name;
  const other = pair[side === 'src' ? 'dst' : 'src'].config.owner_user.name;
  const replication = [pair.src.config.pglogical_user.name, pair.dst.config.pglogical_user.name];
  const schemas = await pair.schemas();
  const { major: otherMajor } = await pair[side === 'src' ? 'dst' : 'src'].root();
  return pair[side].withSessions(1, 'root', async ([session]) =>
    readInventory(session ?? (await pair[side].root()), {
      schemas,
      otherMajor,
      owner: own,
      // What the source grants to the role that owns everything on the destination, that role has there by nature.
      ignoredRoles: [...replication, ...(own === other ? [] : [other])],
    }),
  );
}

const SHOWN_OBJECTS = 3;

/** `table orders is missing, column users.name differs and 4 more`. */
export function describeDifferences(differences: readonly Difference[]): string {
  const words = { missing: 'is missing on the destination', extra: 'is on the destination only', changed: 'differs' };
  const some = differences.slice(0, SHOWN_OBJECTS).map((one) => `${one.kind} ${one.object} ${words[one.problem]}`);
  const more = differences.length - some.length;
  return `${some.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

/** The differences as a text: a head for each object, `- ` before the source's lines and `+ ` before the destination's. */
export function differencesText(differences: readonly Difference[]): string {
  const words = { missing: 'missing on the destination', extra: 'on the destination only', changed: 'changed' };
  return differences
    .flatMap(({ kind, object, problem, src, dst }) => [
      `@@ ${kind} ${object}: ${words[problem]} @@`,
      ...(src ?? []).map((line) => `- ${line}`),
      ...(dst ?? []).map((line) => `+ ${line}`),
    ])
    .join('\n');
}
