import type { SideName } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Session } from '../postgres/session.js';
import { compareInventories, type Difference } from './inventory/compare.js';
import {
  readInventory,
  readInventoryDigests,
  type InventoryDigest,
  type InventoryOptions,
  type InventoryRow,
} from './inventory/read.js';
import { asDestinationWrites } from './inventory/views.js';

/**
 * Compares the schemas of both sides, object by object, from the catalogs; changes nothing. The source's owner role stands
 * for the destination's; what pglogical and belt add does not count; nor do words that differ between versions of
 * PostgreSQL. Each side says in one statement what stands for its objects of each kind; only kinds in which they differ are
 * read, so that a schema of any size that is the same takes little memory.
 * @param full whether indexes and NOT VALID constraints that are made after the data count
 * @param source the source's digests, where they were read before with readDigests()
 * @returns an empty list when the schemas are the same
 */
export async function schemaDifferences(
  pair: Pair,
  { full, source = () => readDigests(pair, 'src') }: { readonly full: boolean; readonly source?: DigestReader },
): Promise<Difference[]> {
  const kinds = differingKinds(...(await Promise.all([source(), readDigests(pair, 'dst')])));
  if (kinds.length === 0) return [];
  const [from, to] = await Promise.all([readKinds(pair, 'src', kinds), readKinds(pair, 'dst', kinds)]);
  const { src, dst } = await pair.roots();
  const same = src.major === dst.major ? from : await asDestinationWrites(from, to, await pair.dst.owner());
  return compareInventories(same, to, { full });
}

export type DigestReader = () => Promise<readonly InventoryDigest[]>;

/** What stands for all that a side's schema holds. */
export function readDigests(pair: Pair, side: SideName): Promise<InventoryDigest[]> {
  return reading(pair, side, readInventoryDigests);
}

function readKinds(pair: Pair, side: SideName, kinds: readonly string[]): Promise<InventoryRow[]> {
  return reading(pair, side, (session, options) => readInventory(session, options, kinds));
}

function differingKinds(src: readonly InventoryDigest[], dst: readonly InventoryDigest[]): string[] {
  const [from, to] = [src, dst].map((digests) => new Map(digests.map(({ kind, digest }) => [kind, digest])));
  return [...new Set([...src, ...dst].map(({ kind }) => kind))].filter((kind) => from?.get(kind) !== to?.get(kind));
}

/** Reads with a session of its own, so that others do not wait for it. */
async function reading<T>(
  pair: Pair,
  side: SideName,
  read: (session: Session, options: InventoryOptions) => Promise<T>,
): Promise<T> {
  const own = pair[side].config.owner_user.name;
  const otherSide = pair[side === 'src' ? 'dst' : 'src'];
  const other = otherSide.config.owner_user.name;
  const replication = [pair.src.config.pglogical_user.name, pair.dst.config.pglogical_user.name];
  const schemas = await pair.schemas();
  const { major: otherMajor } = await otherSide.root();
  return pair[side].withSessions(1, 'root', async ([session]) =>
    read(session ?? (await pair[side].root()), {
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
