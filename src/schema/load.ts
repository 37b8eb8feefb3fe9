import { ToolError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Role } from '../pair/side.js';
import { invalidIndexes } from '../postgres/catalog/indexes.js';
import type { ObjectName } from '../postgres/schemas.js';
import { databaseArgument, toolEnvironment } from '../process/connection.js';
import { runTool, ToolFailure } from '../process/run.js';
import { findPsql } from '../process/tools.js';
import { archiveSql, withSchemaArchive, withUseList, type Archive } from './archive.js';
import { deferredObjects, initialEntries } from './initial-load.js';
import { sourceOrigin } from './origin.js';
import { endOrphans, loader, LOAD_NAMES, notLoaded } from './prepare.js';
import type { TocEntry } from './toc.js';

/** The lines of a failure that are shown: the message and the beginning of the statement. */
const SAID_LINES = 8;

/** The first PostgreSQL that knows transaction_timeout. */
const FIRST_WITH_TIMEOUT = 17;

/**
 * Loads the source's schema into the destination, without NOT VALID constraints and without the indexes
 * that can wait. One transaction: all of it, or nothing. Run prepareSchema() before.
 * @param keysLater the tables that get their keys when their rows are there
 * @returns how many entries of the dump were loaded, how many objects are left for later, and the source's INVALID
 *   indexes (of builds that failed), which are not carried over
 * @throws ToolError with the object that does not load and PostgreSQL's message
 */
export async function loadSchema(
  pair: Pair,
  progress: (text: string) => void = () => undefined,
  keysLater: readonly ObjectName[] = [],
): Promise<{ loaded: number; deferred: number; invalid: string[] }> {
  const schemas = await pair.schemas();
  progress(`dumping ${schemas.words} of the source`);
  return withSchemaArchive(pair, async (archive, source) => {
    const deferred = await deferredObjects(source, schemas, keysLater);
    const entries = initialEntries(archive.entries, deferred);
    const role = await loader(pair, sourceOrigin(pair));
    await endOrphans(await pair.dst.session(role));
    progress(`loading ${String(entries.length)} objects into the destination`);
    await restore(pair, role, archive, entries);
    return {
      loaded: entries.length,
      deferred: deferred.indexes.length + deferred.constraints.length + deferred.keys.length,
      invalid: await invalidIndexes(source, schemas),
    };
  });
}

async function restore(pair: Pair, role: Role, archive: Archive, entries: readonly TocEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const address = pair.dst.address(role);
  try {
    if (archive.tools.restore.major >= FIRST_WITH_TIMEOUT && (await pair.dst.root()).major < FIRST_WITH_TIMEOUT) {
      await restoreIntoOlder(pair, archive, entries);
      return;
    }
    await withUseList(archive, entries, (list) =>
      runTool({
        name: 'pg_restore',
        path: archive.tools.restore.path,
        args: [
          '--no-owner',
          // Who may do what, and who owns what, comes from the catalog: see object-grants.ts.
          '--no-privileges',
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
          applicationName: LOAD_NAMES.pg_restore,
          timeouts: { statement: 0, lock: 60_000 },
        }),
        secrets: [address.password],
        purpose: `loading ${pair.schemaWords} into ${pair.dst.toString()}`,
        signal: pair.environment.signal,
      }),
    );
  } catch (error) {
    throw error instanceof ToolFailure ? restoreError(error, pair, archive.entries) : error;
  }
}

/**
 * pg_restore begins with settings of its own version, of which an older server does not know the last and ends everything.
 * So psql loads what pg_restore writes, without that line of its prelude.
 */
async function restoreIntoOlder(pair: Pair, archive: Archive, entries: readonly TocEntry[]): Promise<void> {
  const address = pair.dst.address('owner');
  const psql = await findPsql(pair.environment, archive.tools.restore.major);
  const sql = await archiveSql(pair, archive, entries, ['--no-privileges']);
  await runTool({
    name: 'psql',
    path: psql.path,
    args: ['--no-psqlrc', '--quiet', '--no-password', '--single-transaction', '--set=ON_ERROR_STOP=1', '--file=-'],
    env: toolEnvironment(pair.environment, address, {
      applicationName: LOAD_NAMES.psql,
      timeouts: { statement: 0, lock: 60_000 },
    }),
    secrets: [address.password],
    // The first of these lines is pg_restore's: nothing comes before its settings.
    stdin: sql.replace(/^SET transaction_timeout = 0;$/m, ''),
    purpose: `loading ${pair.schemaWords} into ${pair.dst.toString()}`,
    signal: pair.environment.signal,
  });
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
  return new ToolError(`${notLoaded(pair)}, nothing of it: ${where}${said === '' ? error.message : said}`, {
    hint: 'Put right what PostgreSQL complains of (a missing extension, role or privilege, or the object itself), then run the same command again.',
    detail: { ...error.detail, side: 'dst', object: entry?.label ?? null },
    cause: error,
  });
}
