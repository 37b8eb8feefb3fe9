import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError, QueryError, ToolError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { invalidIndexes } from '../postgres/catalog/indexes.js';
import { schemaObjects } from '../postgres/catalog/schema-objects.js';
import { ident } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { databaseArgument, toolEnvironment } from '../process/connection.js';
import { runTool, ToolFailure } from '../process/run.js';
import { withSchemaArchive, type Archive } from './archive.js';
import { deferredObjects, initialEntries } from './initial-load.js';
import type { TocEntry } from './toc.js';

/** What pg_restore's session is called in pg_stat_activity; by it a later belt finds one that outlived a killed belt. */
const RESTORE_NAME = 'belt pg_restore';
const MAX_NAMES = 10;
/** The lines of a failure that are shown: the message and the beginning of the statement. */
const SAID_LINES = 8;
const ORPHAN_WAIT_MS = 15_000;

/**
 * Whether the source's schema is on the destination: all its tables or none (the load is one transaction). A source
 * without tables is judged by its other objects.
 * @throws RefusedError when some are there and some are not
 */
export async function schemaLoaded(pair: Pair): Promise<boolean> {
  const { src, dst } = await pair.roots();
  const [from, to] = await Promise.all([schemaObjects(src, pair.schema), schemaObjects(dst, pair.schema)]);
  const kind = from.tables.length > 0 ? 'tables' : 'others';
  const there = new Set(to[kind]);
  const missing = from[kind].filter((name) => !there.has(name));
  if (missing.length === 0) return true;
  if (missing.length === from[kind].length && to.tables.length === 0) return false;
  const some = missing.slice(0, MAX_NAMES).map((name) => `"${name}"`);
  const more = missing.length > MAX_NAMES ? ` and ${String(missing.length - MAX_NAMES)} more` : '';
  const had = missing.length === from[kind].length ? 'other tables than' : 'only a part of';
  throw new RefusedError(
    `schema "${pair.schema}" of the ${pair.dst.toString()} holds ${had} the source's: missing are ${some.join(', ')}${more}`,
    {
      hint: 'Create what is missing on the destination, or empty its schema so that belt loads all of it, then run the same command again.',
      detail: { side: 'dst', schema: pair.schema, missing: missing.slice(0, 100), missing_count: missing.length },
    },
  );
}

/**
 * Sees to it that the schema exists on the destination and that the owner may create objects in it.
 * @throws QueryError when neither root nor the owner may do so
 */
export async function prepareSchema(pair: Pair): Promise<void> {
  const root = await pair.dst.root();
  const owner = pair.dst.config.owner_user.name;
  const name = ident(pair.schema);
  try {
    await root.query(`CREATE SCHEMA IF NOT EXISTS ${name} AUTHORIZATION ${ident(owner)}`);
  } catch (error) {
    // A root that is no superuser may not give objects to a role it is no member of; the owner may mostly do it itself.
    if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.insufficientPrivilege) throw error;
    await (await pair.dst.owner()).query(`CREATE SCHEMA IF NOT EXISTS ${name}`);
  }
  const { may } = await root.one<{ may: boolean }>(
    `SELECT has_schema_privilege($1, $2, 'USAGE') AND has_schema_privilege($1, $2, 'CREATE') AS may`,
    [owner, pair.schema],
  );
  if (!may) await root.query(`GRANT USAGE, CREATE ON SCHEMA ${name} TO ${ident(owner)}`);
}

/**
 * Loads the source's schema into the destination as its owner, without NOT VALID constraints and without the indexes
 * that can wait. One transaction: all of it, or nothing. Run prepareSchema() before.
 * @returns how many entries of the dump were loaded, how many objects are left for later, and the source's INVALID
 *   indexes (of builds that failed), which are not carried over
 * @throws ToolError with the object that does not load and PostgreSQL's message
 */
export async function loadSchema(
  pair: Pair,
  progress: (text: string) => void = () => undefined,
): Promise<{ loaded: number; deferred: number; invalid: string[] }> {
  progress(`dumping schema "${pair.schema}" of the source`);
  return withSchemaArchive(pair, async (archive, source) => {
    const deferred = await deferredObjects(source, pair.schema);
    const entries = initialEntries(archive.entries, deferred);
    await endOrphans(await pair.dst.owner());
    progress(`loading ${String(entries.length)} objects into the destination`);
    await restore(pair, archive, entries);
    return {
      loaded: entries.length,
      deferred: deferred.indexes.length + deferred.constraints.length,
      invalid: (await invalidIndexes(source, pair.schema)).map(({ name }) => name),
    };
  });
}

async function restore(pair: Pair, archive: Archive, entries: readonly TocEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const address = pair.dst.address('owner');
  const list = `${archive.file}.list`;
  await writeFile(list, `${entries.map(({ line }) => line).join('\n')}\n`, { mode: 0o600 });
  try {
    await runTool({
      name: 'pg_restore',
      path: archive.tools.restore.path,
      args: [
        '--no-owner',
        '--no-tablespaces',
        '--single-transaction',
        '--exit-on-error',
        // Else it does not say which object fails.
        '--verbose',
        '--no-password',
        `--use-list=${list}`,
        `--dbname=${databaseArgument(address)}`,
        archive.file,
      ],
      env: toolEnvironment(pair.environment, address, {
        applicationName: RESTORE_NAME,
        timeouts: { statement: 0, lock: 60_000 },
      }),
      secrets: [address.password],
      purpose: `loading schema "${pair.schema}" into ${pair.dst.toString()}`,
      signal: pair.environment.signal,
    });
  } catch (error) {
    throw error instanceof ToolFailure ? restoreError(error, pair, archive.entries) : error;
  }
}

/**
 * Puts the object that failed first. pg_restore names it in a line of its own (`from TOC entry 12; ...`), in English,
 * as it runs with LC_ALL=C; should that line be missing, its own last lines say it all the same.
 */
function restoreError(error: ToolFailure, pair: Pair, entries: readonly TocEntry[]): ToolError {
  const [before = '', ...after] = error.stderr.split(/^pg_restore: error: (?:could not execute query: )?/m);
  const dumpId = Number(/^pg_restore: from TOC entry (\d+);/m.exec(before)?.[1] ?? NaN);
  const entry = entries.find((one) => one.dumpId === dumpId);
  const where = entry === undefined ? '' : `${entry.label}: `;
  const said = after.join('').trim().split('\n').slice(0, SAID_LINES).join('\n');
  return new ToolError(
    `schema "${pair.schema}" was not loaded into the ${pair.dst.toString()}, nothing of it: ${where}${said === '' ? error.message : said}`,
    {
      hint: 'Put right what PostgreSQL complains of (a missing extension, role or privilege, or the object itself), then run the same command again.',
      detail: { ...error.detail, side: 'dst', object: entry?.label ?? null },
      cause: error,
    },
  );
}

/**
 * Ends loads that a killed belt has left running, so that they do not stand in the way. Two belts on one database are
 * kept apart elsewhere. The owner may end what the owner started.
 */
async function endOrphans(owner: Session): Promise<void> {
  const deadline = Date.now() + ORPHAN_WAIT_MS;
  for (;;) {
    const { running } = await owner.one<{ running: number }>(
      `SELECT count(pg_terminate_backend(pid))::int AS running FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()`,
      [RESTORE_NAME],
    );
    if (running === 0) return;
    if (Date.now() > deadline) {
      throw new RefusedError(`an earlier load still runs in the destination database and does not end`, {
        hint: `Look for application_name '${RESTORE_NAME}' in pg_stat_activity, end it, and run the same command again.`,
        detail: { side: 'dst' },
      });
    }
    await sleep(200);
  }
}
