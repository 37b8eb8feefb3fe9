import { setTimeout as sleep } from 'node:timers/promises';
import { QueryError, RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Role } from '../pair/side.js';
import { schemaObjects } from '../postgres/catalog/schema-objects.js';
import { ident } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { sourceOrigin, type SchemaOrigin } from './origin.js';

/** What comes before a load, by whatever means it is done. */

/** What a load's session is called in pg_stat_activity; by it a later belt finds one that outlived a killed belt. */
export const LOAD_NAMES = { pg_restore: 'belt pg_restore', psql: 'belt psql' } as const;
const MAX_NAMES = 10;
const ORPHAN_WAIT_MS = 15_000;

/**
 * Whether the source's schema is on the destination: all its tables or none (the load is one transaction). A source
 * without tables is judged by its other objects. Of a dump that was edited some tables are enough.
 * @throws RefusedError when some are there and some are not
 */
export async function schemaLoaded(pair: Pair, origin: SchemaOrigin = sourceOrigin(pair)): Promise<boolean> {
  const dst = await pair.dst.root();
  const schemas = await pair.schemas();
  const [from, to, edited] = await Promise.all([origin.objects(), schemaObjects(dst, schemas), origin.edited()]);
  const kind = from.tables.length > 0 ? 'tables' : 'others';
  const there = new Set(to[kind]);
  const missing = from[kind].filter((name) => !there.has(name));
  if (missing.length === 0 || (edited && missing.length < from[kind].length)) return true;
  if (missing.length === from[kind].length && to.tables.length === 0) return false;
  const some = missing.slice(0, MAX_NAMES).map((name) => `"${name}"`);
  const more = missing.length > MAX_NAMES ? ` and ${String(missing.length - MAX_NAMES)} more` : '';
  const had = missing.length === from[kind].length ? 'other tables than' : 'only a part of';
  throw new RefusedError(
    `${schemas.words} of the ${pair.dst.toString()} ${schemas.names.length === 1 ? 'holds' : 'hold'} ${had} the source's: missing are ${some.join(', ')}${more}`,
    {
      hint: 'Create what is missing on the destination, or empty its schema so that belt loads all of it, then run the same command again.',
      detail: { side: 'dst', schema: schemas.text, missing: missing.slice(0, 100), missing_count: missing.length },
    },
  );
}

/** prepareSchema() for each of the schemas that move. */
export async function prepareSchemas(pair: Pair): Promise<void> {
  for (const schema of (await pair.schemas()).names) await prepareSchema(pair, schema);
}

/** The beginning of a sentence. */
export function notLoaded(pair: Pair): string {
  const { schemaWords } = pair;
  const verb = schemaWords.startsWith('schema ') ? 'was' : 'were';
  return `${schemaWords} ${verb} not loaded into the ${pair.dst.toString()}`;
}

/**
 * Sees to it that a schema exists on the destination and that the owner may create objects in it.
 * @throws QueryError when neither root nor the owner may do so
 */
export async function prepareSchema(pair: Pair, schema: string): Promise<void> {
  const root = await pair.dst.root();
  const owner = pair.dst.config.owner_user.name;
  const name = ident(schema);
  try {
    await root.query(`CREATE SCHEMA IF NOT EXISTS ${name} AUTHORIZATION ${ident(owner)}`);
  } catch (error) {
    // A root that is no superuser may not give objects to a role it is no member of; the owner may mostly do it itself.
    if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.insufficientPrivilege) throw error;
    await (await pair.dst.owner()).query(`CREATE SCHEMA IF NOT EXISTS ${name}`);
  }
  const { may } = await root.one<{ may: boolean }>(
    `SELECT has_schema_privilege($1, $2, 'USAGE') AND has_schema_privilege($1, $2, 'CREATE') AS may`,
    [owner, schema],
  );
  if (!may) await root.query(`GRANT USAGE, CREATE ON SCHEMA ${name} TO ${ident(owner)}`);
}

/**
 * As whom a schema is loaded: root where it is a superuser, since some objects (base types, operator classes, functions in
 * C) nobody else may make; their owners get them afterwards. Else the owner; as whom, too, what is not known to be whose.
 */
export async function loader(pair: Pair, origin: SchemaOrigin): Promise<Role> {
  const { superuser } = await (
    await pair.dst.root()
  ).one<{ superuser: boolean }>('SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user');
  return superuser && (await origin.owned()) !== null ? 'root' : 'owner';
}

/**
 * Ends loads that a killed belt has left running, so that they do not stand in the way. Two belts on one database are
 * kept apart elsewhere.
 * @param session of a role that may end them: a superuser's, or of the role that started them
 */
export async function endOrphans(session: Session): Promise<void> {
  const deadline = Date.now() + ORPHAN_WAIT_MS;
  for (;;) {
    const { running } = await session.one<{ running: number }>(
      `SELECT count(pg_terminate_backend(pid))::int AS running FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = ANY ($1) AND pid <> pg_backend_pid()`,
      [Object.values(LOAD_NAMES)],
    );
    if (running === 0) return;
    if (Date.now() > deadline) {
      throw new RefusedError(`an earlier load still runs in the destination database and does not end`, {
        hint: `Look for application_name '${Object.values(LOAD_NAMES).join("' or '")}' in pg_stat_activity, end it, and run the same command again.`,
        detail: { side: 'dst' },
      });
    }
    await sleep(200);
  }
}
