import { availableExtensions, extensionsOf } from '../postgres/catalog/extensions.js';
import { absentRoles, schemaFacts } from '../postgres/catalog/grants.js';
import { ident } from '../postgres/quote.js';
import type { Pair } from '../pair/pair.js';
import { sourceOrigin, type SchemaOrigin } from './origin.js';
import { prepareSchema } from './prepare.js';

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
export async function missingExtensions(
  pair: Pair,
  origin: SchemaOrigin = sourceOrigin(pair),
): Promise<MissingExtension[]> {
  const [wanted, [has, available]] = await Promise.all([origin.extensions(), onDestination(pair)]);
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
export async function createExtensions(
  pair: Pair,
  origin: SchemaOrigin = sourceOrigin(pair),
): Promise<{ created: string[]; unavailable: string[] }> {
  const missing = await missingExtensions(pair, origin);
  const schemas = await pair.schemas();
  const dst = await pair.dst.root();
  const created: string[] = [];
  for (const { name, available, createIn } of missing) {
    if (!available) continue;
    if (createIn !== null && schemas.has(createIn)) await prepareSchema(pair, createIn);
    else if (createIn !== null) await prepareOtherSchema(pair, origin, createIn);
    const where = createIn === null ? '' : ` SCHEMA ${ident(createIn)}`;
    await dst.query(`CREATE EXTENSION IF NOT EXISTS ${ident(name)}${where}`);
    created.push(name);
  }
  return { created, unavailable: missing.filter((one) => !one.available).map(({ name }) => name) };
}

async function onDestination(pair: Pair) {
  const dst = await pair.dst.root();
  return Promise.all([extensionsOf(dst), availableExtensions(dst)]);
}

/** A schema for extensions alone, where the destination has none of that name: who may use it on the source may here. */
async function prepareOtherSchema(pair: Pair, origin: SchemaOrigin, schema: string): Promise<void> {
  const dst = await pair.dst.root();
  if ((await schemaFacts(dst, schema)) !== null) return;
  const facts = await origin.schema(schema);
  const owner = pair.dst.config.owner_user.name;
  const users = (facts?.privileges ?? []).filter(({ privilege }) => privilege === 'USAGE').map((one) => one.grantee);
  const names = users.filter((name) => name !== null);
  const absent = new Set(await absentRoles(dst, names));
  const grantees = [owner, ...names.filter((name) => !absent.has(name))].map(ident);
  if (names.length < users.length) grantees.push('PUBLIC');
  await dst.transaction(async () => {
    await dst.query(`CREATE SCHEMA IF NOT EXISTS ${ident(schema)}`);
    await dst.query(`GRANT USAGE ON SCHEMA ${ident(schema)} TO ${grantees.join(', ')}`);
  });
}
