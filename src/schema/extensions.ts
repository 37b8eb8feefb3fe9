import { RefusedError } from '../errors.js';
import { availableExtensions, extensionsOf, neededExtensions } from '../postgres/catalog/extensions.js';
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
  /** The source's version, and the one that the destination makes. */
  readonly version: string;
  readonly offered: string | null;
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
    .map(({ name, schema, version }) => {
      const offer = available.get(name);
      return {
        name,
        schema,
        version,
        offered: offer?.version ?? null,
        available: offer !== undefined,
        createIn: offer?.fixedSchema === schema ? null : schema,
      };
    });
}

/**
 * Creates, as root on the destination, the missing extensions that it can have, in the same schemas as on the source.
 * @returns the names of those created (with the version, where it is another than the source's), and of those it has no files for; an object that needs one of these fails to load
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
  for (const { name, available, createIn, version, offered } of missing) {
    if (!available) continue;
    if (createIn !== null && schemas.has(createIn)) await prepareSchema(pair, createIn);
    else if (createIn !== null) await prepareOtherSchema(pair, origin, createIn);
    const where = createIn === null ? '' : ` SCHEMA ${ident(createIn)}`;
    await dst.query(`CREATE EXTENSION IF NOT EXISTS ${ident(name)}${where}`);
    created.push(offered === version ? name : `${name} ${offered ?? ''} (the source has ${version})`);
  }
  return { created, unavailable: missing.filter((one) => !one.available).map(({ name }) => name) };
}

/**
 * Looks, before anything is changed, whether the source's extensions can be on the destination.
 * @param create whether belt may create them
 * @param origin where it is not the source, which then is not asked either
 * @throws RefusedError naming those that must not, or cannot be created, and what needs them
 */
export async function requireExtensions(
  pair: Pair,
  create: boolean,
  origin?: SchemaOrigin,
): Promise<string | undefined> {
  const missing = await missingExtensions(pair, origin ?? sourceOrigin(pair));
  if (!create && missing.length > 0) {
    const statements = missing.map(
      ({ name, createIn }) =>
        `CREATE EXTENSION ${ident(name)}${createIn === null ? '' : ` SCHEMA ${ident(createIn)}`};`,
    );
    throw new RefusedError(
      `the ${pair.dst.toString()} lacks extensions of the source: ${missing.map(({ name }) => `"${name}"`).join(', ')}`,
      {
        hint: `Create them on the destination, or let belt do it (without --no-extensions):\n${statements.join('\n')}`,
        detail: { side: 'dst', extensions: missing.map(({ name }) => name) },
      },
    );
  }
  const unavailable = missing.filter(({ available }) => !available).map(({ name }) => name);
  if (unavailable.length === 0) return undefined;
  const needed =
    origin === undefined
      ? await neededExtensions(await pair.src.root(), (await pair.schemas()).names, unavailable)
      : [];
  const first = needed.map(({ name, objects }) => `"${name}" (${objects.join(', ')})`);
  if (first.length > 0) {
    throw new RefusedError(
      `the server of the ${pair.dst.toString()} does not have extensions that ${(await pair.schemas()).words} needs: ${first.join('; ')}`,
      {
        hint: 'Install their packages on the destination server, then run the same command again.',
        detail: { side: 'dst', extensions: needed.map(({ name }) => name) },
      },
    );
  }
  return `LEFT OUT, as the destination server does not have them, and no object of the schema is seen to need them (bodies of functions may): ${unavailable.join(', ')}`;
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
