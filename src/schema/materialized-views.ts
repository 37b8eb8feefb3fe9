import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { patiently } from '../pair/patiently.js';
import type { Step } from '../pair/steps.js';
import { materializedViews } from '../postgres/catalog/materialized-views.js';
import { qualified } from '../postgres/quote.js';
import { builder } from './object-owners.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

/** Materialized views that hold data on the source and none on the destination, in the order in which to refresh. */
export async function unpopulatedViews(pair: Pair): Promise<string[]> {
  const { src, dst } = await pair.roots();
  const [from, to] = await Promise.all([materializedViews(src, pair.schema), materializedViews(dst, pair.schema)]);
  const empty = new Set(to.filter(({ populated }) => !populated).map(({ name }) => name));
  return from.filter(({ name, populated }) => populated && empty.has(name)).map(({ name }) => name);
}

/**
 * Refreshes the views on the destination as its owner. One that cannot be refreshed yet, because a function in it reads
 * a later one, is tried again after the others.
 * @param names as unpopulatedViews() gives them
 * @throws QueryError naming the view that cannot be refreshed
 */
export async function refreshViews(
  pair: Pair,
  names: readonly string[],
  progress: (text: string) => void = () => undefined,
): Promise<void> {
  if (names.length === 0) return;
  await pair.dst.withSessions(
    1,
    await builder(pair.dst, pair.schema),
    async ([session]) => {
      if (session === undefined) return;
      let waiting = [...names];
      while (waiting.length > 0) {
        const failed: { name: string; error: QueryError }[] = [];
        for (const name of waiting) {
          progress(`refreshing materialized view "${name}"`);
          try {
            await runDdl(session, pair.schema, async () => {
              await session.query(`REFRESH MATERIALIZED VIEW ${qualified(pair.schema, name)}`);
            });
          } catch (error) {
            if (!(error instanceof QueryError)) throw error;
            failed.push({ name, error });
          }
        }
        const [first] = failed;
        if (first !== undefined && failed.length === waiting.length) throw refreshError(pair, first.name, first.error);
        waiting = failed.map(({ name }) => name);
      }
    },
    DDL_TIMEOUTS,
  );
}

function refreshError(pair: Pair, name: string, error: QueryError): QueryError {
  return new QueryError(`materialized view "${pair.schema}"."${name}" could not be refreshed: ${error.message}`, {
    hint: error.hint ?? 'Put right what PostgreSQL complains of, then run the same command again.',
    detail: { ...error.detail, object: `${pair.schema}.${name}` },
    cause: error,
  });
}

/** Materialized views of the destination that hold data, and that the source has too. */
async function populatedViews(pair: Pair): Promise<string[]> {
  const { src, dst } = await pair.roots();
  const [from, to] = await Promise.all([materializedViews(src, pair.schema), materializedViews(dst, pair.schema)]);
  const known = new Set(from.map(({ name }) => name));
  return to.filter(({ name, populated }) => populated && known.has(name)).map(({ name }) => name);
}

/** The step that takes the data out of them, so that they are refreshed when the tables are filled again. */
export function emptyViewsStep(pair: Pair): Step {
  return {
    name: 'empty-views',
    title: 'empty the materialized views on the destination',
    done: async () => ((await populatedViews(pair)).length === 0 ? 'none holds data' : null),
    run: async (progress) => {
      const names = await populatedViews(pair);
      const { signal } = pair.environment;
      for (const name of names) {
        await patiently(pair.dst, { what: `emptying materialized view "${name}"`, signal, progress }, (session) =>
          session.query(`REFRESH MATERIALIZED VIEW ${qualified(pair.schema, name)} WITH NO DATA`),
        );
      }
      return `emptied ${String(names.length)}`;
    },
  };
}
