import pMap from 'p-map';
import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Side } from '../pair/side.js';
import { indexesByName, type CarriedIndex } from '../postgres/catalog/indexes.js';
import { qualified } from '../postgres/quote.js';
import type { Label } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { buildConcurrently } from './concurrently.js';
import { catalogDeferred, type DeferredOrigin } from './deferred-origin.js';
import { whatIsMissing, type MissingIndex } from './index-plan.js';
import { builder } from './object-owners.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

export interface DeferredIndexes {
  /** All of the source's indexes that the initial load left out. */
  readonly all: readonly CarriedIndex[];
  /** Those about which something is to be done. */
  readonly missing: readonly MissingIndex[];
}

export interface IndexResult {
  readonly name: string;
  readonly status: 'created' | 'skipped_exists' | 'failed';
  readonly duration_ms: number;
  readonly error: string | null;
  /** What to do about the error. */
  readonly hint: string | null;
}

export interface CreateOptions {
  /** Indexes built side by side. */
  readonly jobs: number;
  /** Build with CREATE INDEX CONCURRENTLY, one after another: tables can be written to meanwhile. */
  readonly concurrently?: boolean;
  /** Gets a line per index. */
  readonly progress?: (text: string) => void;
}

/** Compares the indexes that were left for later with the destination's: one query on each side. */
export async function missingIndexes(
  pair: Pair,
  origin: DeferredOrigin = catalogDeferred(pair),
): Promise<DeferredIndexes> {
  const [plans, dst] = await Promise.all([origin.indexes(), pair.dst.root()]);
  const there = await indexesByName(dst, await pair.schemas());
  const missing = plans
    .map((plan) => whatIsMissing(plan, there.get(plan.index.label)))
    .filter(({ create, finish, attach }) => create !== null || finish.length > 0 || attach !== null);
  return { all: plans.map(({ index }) => index), missing };
}

/**
 * Builds what missingIndexes() found, as the destination's owner: the indexes with `jobs` sessions side by side, then
 * attachments (by which a partitioned index gets valid), comments, CLUSTER ON and statistics targets. One that fails
 * stops no other; see failedIndexes().
 * @returns one result for each of the source's deferred indexes, in their order
 */
export async function createIndexes(
  dst: Side,
  { all, missing }: DeferredIndexes,
  { jobs, concurrently = false, progress = () => undefined }: CreateOptions,
): Promise<IndexResult[]> {
  const times = new Map<Label, number>();
  const errors = new Map<Label, QueryError>();
  const attempt = async (name: Label, work: () => Promise<void>): Promise<void> => {
    const started = performance.now();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      errors.set(name, error);
    } finally {
      times.set(name, (times.get(name) ?? 0) + performance.now() - started);
    }
  };
  // A partitioned index is made without its partitions', so at once; theirs are attached to it at the end.
  const builds = missing
    .filter(({ create }) => create !== null)
    .sort((one, other) => Number(other.index.partitioned) - Number(one.index.partitioned));
  if (missing.length > 0) {
    // Builds that are CONCURRENTLY wait for each other's transactions; two of them can be a deadlock.
    const sessions = concurrently ? 1 : Math.max(1, Math.min(jobs, builds.length));
    await dst.withSessions(
      sessions,
      await builder(dst, [...new Set(missing.map(({ index }) => index.schema))]),
      async (idle) => {
        const free = [...idle];
        let done = 0;
        await pMap(
          builds,
          async (build) => {
            const session = free.pop();
            if (session === undefined) throw new Error('more index builds than sessions');
            const how = concurrently ? buildConcurrently : buildIndex;
            await attempt(build.index.label, () => how(session, build));
            free.push(session);
            done++;
            progress(`${String(done)} of ${String(builds.length)} indexes built, last "${build.index.label}"`);
          },
          { concurrency: sessions },
        );
        const [session] = idle;
        for (const { index, finish, attach } of missing) {
          if (session === undefined || errors.has(index.label)) continue;
          const statements = attach === null ? finish : [attach, ...finish];
          if (statements.length > 0) await attempt(index.label, () => runAll(session, index.schema, statements));
        }
      },
      DDL_TIMEOUTS,
    );
  }
  return all.map(({ label: name }) => ({
    name,
    status: errors.has(name) ? 'failed' : times.has(name) ? 'created' : 'skipped_exists',
    duration_ms: Math.round(times.get(name) ?? 0),
    error: errors.get(name)?.message ?? null,
    hint: errors.get(name)?.hint ?? null,
  }));
}

/** The error for results of which some failed, or undefined; it names at most three of them with PostgreSQL's words. */
export function failedIndexes(dst: Side, results: readonly IndexResult[]): QueryError | undefined {
  const failed = results.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return undefined;
  const some = failed.slice(0, 3).map(({ name, error }) => `"${name}": ${error ?? ''}`);
  const more = failed.length > some.length ? `; and ${String(failed.length - some.length)} more` : '';
  const hints = [...new Set(failed.map(({ hint }) => hint).filter((hint) => hint !== null))].slice(0, 3);
  return new QueryError(
    `${String(failed.length)} of ${String(results.length)} indexes could not be made in the ${dst.toString()}: ${some.join('; ')}${more}`,
    {
      hint: [
        ...(hints.length === 0 ? ['Put right what PostgreSQL complains of, then run the same command again.'] : hints),
        'Indexes that are there are skipped.',
      ].join(' '),
      detail: { side: dst.name, indexes: failed.map(({ name, error, hint }) => ({ name, error, hint })) },
    },
  );
}

function buildIndex(session: Session, { index, replace, create }: MissingIndex): Promise<void> {
  const { schema, name } = index;
  const statements = create === null ? [] : [create];
  return runAll(session, schema, replace ? [`DROP INDEX ${qualified(schema, name)}`, ...statements] : statements);
}

function runAll(session: Session, schema: string, statements: readonly string[]): Promise<void> {
  return runDdl(session, schema, async () => {
    for (const statement of statements) await session.query(statement);
  });
}
