import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { patiently } from '../pair/patiently.js';
import type { Step } from '../pair/steps.js';
import { materializedViews, type MaterializedView } from '../postgres/catalog/materialized-views.js';
import { qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { builder } from './object-owners.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

/** What became of one view. */
export interface RefreshedView {
  name: string;
  status: 'refreshed' | 'failed';
  /** Whether it was refreshed with CONCURRENTLY, so that queries on it could go on. */
  concurrently: boolean;
  duration_ms: number;
  error: string | null;
}

export type ViewToRefresh = Omit<MaterializedView, 'populated'>;

/**
 * Materialized views to refresh on the destination, in the order in which to do it: those that hold data on the source
 * and none here. One that is empty on the source stays so.
 * @param again whether those that hold data here already are refreshed, too
 */
export async function viewsToRefresh(pair: Pair, again: boolean): Promise<ViewToRefresh[]> {
  const [from, to] = await bothSides(pair);
  const there = new Map(to.map((view) => [view.label, view]));
  return from.flatMap(({ schema, name, label, populated }) => {
    const view = there.get(label);
    if (!populated || view === undefined || (view.populated && !again)) return [];
    return [{ schema, name, label, concurrently: view.populated && view.concurrently }];
  });
}

async function bothSides(pair: Pair): Promise<[MaterializedView[], MaterializedView[]]> {
  const [{ src, dst }, schemas] = await Promise.all([pair.roots(), pair.schemas()]);
  return Promise.all([materializedViews(src, schemas), materializedViews(dst, schemas)]);
}

/**
 * Refreshes the views on the destination as its owner, with the source's own settings for how values are written. One
 * that cannot be refreshed yet, because a function in it reads a later one, is tried again after the others.
 * @returns what became of each; one that fails stops none that does not read it
 */
export async function refreshViews(
  pair: Pair,
  views: readonly ViewToRefresh[],
  progress: (text: string) => void = () => undefined,
): Promise<{ results: RefreshedView[]; error?: QueryError }> {
  const results = new Map<string, RefreshedView>();
  const failures = new Map<string, QueryError>();
  if (views.length === 0) return { results: [] };
  const session = await pair.dst.openAsApplication(await builder(pair.dst, (await pair.schemas()).names), DDL_TIMEOUTS);
  try {
    await useFormatsOf(session, await pair.src.root(), pair.src.config.owner_user.name);
    for (let waiting = [...views], before = Infinity; waiting.length > 0 && waiting.length < before;) {
      before = waiting.length;
      const again: ViewToRefresh[] = [];
      for (const view of waiting) {
        progress(`refreshing materialized view "${view.label}"`);
        const { result, error } = await refresh(session, view);
        results.set(view.label, result);
        if (error === undefined) failures.delete(view.label);
        else {
          failures.set(view.label, error);
          again.push(view);
        }
      }
      waiting = again;
    }
  } finally {
    await session.close();
  }
  const all = views.flatMap(({ label }) => results.get(label) ?? []);
  return failures.size === 0 ? { results: all } : { results: all, error: refreshError(failures) };
}

async function refresh(
  session: Session,
  { schema, name, label, concurrently }: ViewToRefresh,
): Promise<{ result: RefreshedView; error?: QueryError }> {
  const started = performance.now();
  const result = (error: string | null): RefreshedView => ({
    name: label,
    status: error === null ? 'refreshed' : 'failed',
    concurrently,
    duration_ms: Math.round(performance.now() - started),
    error,
  });
  try {
    await runDdl(session, schema, async () => {
      await session.query(`REFRESH MATERIALIZED VIEW${concurrently ? ' CONCURRENTLY' : ''} ${qualified(schema, name)}`);
    });
    return { result: result(null) };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { result: result(error.message), error };
  }
}

/** Settings on which the text of values, and the parsing of texts, depends. */
const FORMATS = [
  'timezone',
  'datestyle',
  'intervalstyle',
  'extra_float_digits',
  'bytea_output',
  'lc_monetary',
  'lc_numeric',
  'lc_time',
  'xmloption',
  'default_text_search_config',
];

/** What the source's database and owner set, the destination's gets only at the cutover; here it is as if it had it. */
async function useFormatsOf(session: Session, source: Session, owner: string): Promise<void> {
  const rows = await source.query<{ name: string; value: string }>(
    `SELECT split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
       FROM pg_db_role_setting s, unnest(s.setconfig) c
      WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND (s.setrole = 0 OR s.setrole = (SELECT oid FROM pg_roles WHERE rolname = $1))
        AND lower(split_part(c, '=', 1)) = ANY ($2)
      -- What is set for less is stronger.
      ORDER BY s.setrole <> 0, s.setdatabase <> 0`,
    [owner, FORMATS],
  );
  for (const { name, value } of rows) await session.query('SELECT set_config($1, $2, false)', [name, value]);
}

function refreshError(failures: ReadonlyMap<string, QueryError>): QueryError {
  const described = [...failures].map(
    ([name, error]) => `materialized view "${name}" could not be refreshed: ${error.message}`,
  );
  const [first] = [...failures.values()];
  return new QueryError(described.join('; '), {
    hint: first?.hint ?? 'Put right what PostgreSQL complains of, then run the same command again.',
    detail: { ...first?.detail, object: [...failures.keys()].join(', ') },
    cause: first,
  });
}

/** Materialized views of the destination that hold data, and that the source has too. */
async function populatedViews(pair: Pair): Promise<MaterializedView[]> {
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
