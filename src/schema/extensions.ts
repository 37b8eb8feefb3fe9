import { availableExtensions, extensionsOf } from '../postgres/catalog/extensions.js';
import { ident } from '../postgres/quote.js';
import type { Pair } from '../pair/pair.js';

/** Extensions that are not part of what moves: belt's own tools, the server's, and what every database has. */
const NOT_CARRIED: ReadonlySet<string> = new Set([
  'pglogical',
  'pglogical_origin',
  'plpgsql',
  'pg_stat_statements',
  'dblink',
]);

export interface MissingExtension {
  readonly name: string;
  readonly schema: string;
  /** Whether the destination server has its files, so that belt can create it. */
  readonly available: boolean;
  /** The schema to create it in, or null where it makes its own. */
  readonly createIn: string | null;
}

/** The source's extensions that the destination lacks, those that others need first. */
export async function missingExtensions(pair: Pair): Promise<MissingExtension[]> {
  const { src, dst } = await pair.roots();
  const [wanted, has, available] = await Promise.all([extensionsOf(src), extensionsOf(dst), availableExtensions(dst)]);
  const there = new Set(has.map(({ name }) => name));
  return wanted
    .filter(({ name }) => !there.has(name) && !NOT_CARRIED.has(name))
    .map(({ name, schema }) => {
      const offer = available.get(name);
      return {
        name,
        schema,
        available: offer !== undefined,
        createIn: offer?.fixedSchema === schema ? null : schema,
      };
    });
}

/**
 * Creates, as root on the destination, the missing extensions that it can have, in the same schemas as on the source.
 * @returns the names of those created, and of those it has no files for; an object that needs one of these fails to load
 * @throws QueryError when the server refuses one
 */
export async function createExtensions(pair: Pair): Promise<{ created: string[]; unavailable: string[] }> {
  const missing = await missingExtensions(pair);
  const dst = await pair.dst.root();
  const created: string[] = [];
  for (const { name, available, createIn } of missing) {
    if (!available) continue;
    if (createIn !== null) await dst.query(`CREATE SCHEMA IF NOT EXISTS ${ident(createIn)}`);
    const where = createIn === null ? '' : ` SCHEMA ${ident(createIn)}`;
    await dst.query(`CREATE EXTENSION IF NOT EXISTS ${ident(name)}${where}`);
    created.push(name);
  }
  return { created, unavailable: missing.filter((one) => !one.available).map(({ name }) => name) };
}
