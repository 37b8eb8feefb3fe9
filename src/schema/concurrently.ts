import { QueryError } from '../errors.js';
import { indexesByName } from '../postgres/catalog/indexes.js';
import { qualified } from '../postgres/quote.js';
import { Schemas, type ObjectName } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import type { MissingIndex } from './index-plan.js';
import { dependsOnPath, NOT_FOUND, runAlone, runDdl } from './statements.js';

/**
 * How long a build waits for transactions that are older than itself. It holds nobody up meanwhile, so this may be long.
 */
const WAIT_MS = 600_000;
const DROP_WAIT_MS = 15_000;

/**
 * Builds an index while its table can be written to. An INVALID one of that name, of a build that failed, goes first; so
 * does what is left when this one fails. PostgreSQL cannot build the index of a partitioned table so: that is made for
 * the table alone, which takes no time, and the partitions' indexes, built like any other, are attached to it.
 * @throws QueryError
 */
export async function buildConcurrently(session: Session, { index, replace, create }: MissingIndex): Promise<void> {
  if (create === null) return;
  const { schema } = index;
  if (index.partitioned) {
    await runDdl(session, schema, async () => {
      await session.query(create);
    });
    return;
  }
  const statement = concurrentStatement(index.unique, create);
  if (statement === undefined) {
    throw new QueryError(`the statement does not begin with CREATE INDEX as PostgreSQL writes it: ${create}`, {
      hint: 'Write CONCURRENTLY into the file yourself, or leave --concurrently out.',
      detail: { object: index.name },
    });
  }
  if (replace) await runAlone(session, dropStatement(index), { lockTimeout: WAIT_MS });
  const build = async (path?: string): Promise<void> => {
    try {
      await runAlone(session, statement, { lockTimeout: WAIT_MS, ...(path === undefined ? {} : { path }) });
    } catch (error) {
      throw error instanceof QueryError ? await withoutRest(session, index, error) : error;
    }
  };
  try {
    await build();
  } catch (error) {
    if (!(error instanceof QueryError) || !NOT_FOUND.has(error.sqlstate)) throw error;
    // A function in the index may count on a search_path; see runDdl().
    await build(schema).catch((again: unknown) => {
      throw again instanceof QueryError && NOT_FOUND.has(again.sqlstate) ? dependsOnPath(again) : again;
    });
  }
}

/** The beginning is the server's own, so that it is known. */
function concurrentStatement(unique: boolean, create: string): string | undefined {
  const beginning = unique ? 'CREATE UNIQUE INDEX ' : 'CREATE INDEX ';
  if (!create.startsWith(beginning)) return undefined;
  const rest = create.slice(beginning.length);
  return rest.startsWith('CONCURRENTLY ') ? create : `${beginning}CONCURRENTLY ${rest}`;
}

function dropStatement({ schema, name }: ObjectName): string {
  return `DROP INDEX CONCURRENTLY IF EXISTS ${qualified(schema, name)}`;
}

/** Drops what a failed build has left; should that fail, the next run does it. */
async function withoutRest(session: Session, { schema, name }: ObjectName, error: QueryError): Promise<QueryError> {
  const only = new Schemas([schema]);
  const there = (await indexesByName(session, only)).get(only.label({ schema, name }));
  if (there === undefined || there.valid) return error;
  const gone = await runAlone(session, dropStatement({ schema, name }), { lockTimeout: DROP_WAIT_MS }).then(
    () => 'was dropped',
    () => 'is still there; the next run drops it',
  );
  return new QueryError(`${error.message}; the INVALID index that the build left ${gone}`, {
    hint: error.hint,
    detail: error.detail,
    cause: error,
  });
}
