import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { patiently } from '../pair/patiently.js';
import type { Step } from '../pair/steps.js';
import { materializedViews, type MaterializedView } from '../postgres/catalog/materialized-views.js';
import { qualified } from '../postgres/quote.js';
import { builder } from './object-owners.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

/** A materialized view, whatever is in it. */
export type NamedView = Omit<MaterializedView, 'populated'>;

/** Materialized views that hold data on the source and none on the destination, in the order in which to refresh. */
export async function unpopulatedViews(pair: Pair): Promise<NamedView[]> {
  const [from, to] = await bothSides(pair);
  const empty = new Set(to.filter(({ populated }) => !populated).map(({ label }) => label));
  return from.filter(({ label, populated }) => populated && empty.has(label));
}

async function bothSides(pair: Pair): Promise<[MaterializedView[], MaterializedView[]]> {
  const [{ src, dst }, schemas] = await Promise.all([pair.roots(), pair.schemas()]);
  return Promise.all([materializedViews(src, schemas), materializedViews(dst, schemas)]);
}

/**
 * Refreshes the views on the destination as its owner. One that cannot be refreshed yet, because a function in it reads
 * a later one, is tried again after the others.
 * @param views as unpopulatedViews() gives them
 * @throws QueryError naming the view that cannot be refreshed
 */
export async function refreshViews(
  pair: Pair,
  views: readonly NamedView[],
  progress: (text: string) => void = () => undefined,
): Promise<void> {
  if (views.length === 0) return;
  await pair.dst.withSessions(
    1,
    await builder(pair.dst, (await pair.schemas()).names),
    async ([session]) => {
      if (session === undefined) return;
      let waiting = [...views];
      while (waiting.length > 0) {
        const failed: { view: NamedView; error: QueryError }[] = [];
        for (const view of waiting) {
          progress(`refreshing materialized view "${view.label}"`);
          try {
            await runDdl(session, view.schema, async () => {
              await session.query(`REFRESH MATERIALIZED VIEW ${qualified(view.schema, view.name)}`);
            });
          } catch (error) {
            if (!(error instanceof QueryError)) throw error;
            failed.push({ view, error });
          }
        }
        const [first] = failed;
        if (first !== undefined && failed.length === waiting.length) throw refreshError(first.view, first.error);
        waiting = failed.map(({ view }) => view);
      }
    },
    DDL_TIMEOUTS,
  );
}

function refreshError({ schema, name }: NamedView, error: QueryError): QueryError {
  return new QueryError(`materialized view "${schema}"."${name}" could not be refreshed: ${error.message}`, {
    hint: error.hint ?? 'Put right what PostgreSQL complains of, then run the same command again.',
    detail: { ...error.detail, object: `${schema}.${name}` },
    cause: error,
  });
}

/** Materialized views of the destination that hold data, and that the source has too. */
async function populatedViews(pair: Pair): Promise<NamedView[]> {
  const [from, to] = await bothSides(pair);
  const known = new Set(from.map(({ label }) => label));
  return to.filter(({ label, populated }) => populated && known.has(label));
}

/** The step that takes the data out of them, so that they are refreshed when the tables are filled again. */
export function emptyViewsStep(pair: Pair): Step {
  return {
    name: 'empty-views',
    title: 'empty the materialized views on the destination',
    done: async () => ((await populatedViews(pair)).length === 0 ? 'none holds data' : null),
    run: async (progress) => {
      const views = await populatedViews(pair);
      const { signal } = pair.environment;
      for (const { schema, name, label } of views) {
        await patiently(pair.dst, { what: `emptying materialized view "${label}"`, signal, progress }, (session) =>
          session.query(`REFRESH MATERIALIZED VIEW ${qualified(schema, name)} WITH NO DATA`),
        );
      }
      return `emptied ${String(views.length)}`;
    },
  };
}
