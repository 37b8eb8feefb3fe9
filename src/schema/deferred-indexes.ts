import pMap from 'p-map';
import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Side } from '../pair/side.js';
import { deferredIndexes, indexesByName, type IndexDefinition, type IndexFacts } from '../postgres/catalog/indexes.js';
import { ident, literal, qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

/** What is to be done about one index on the destination. */
export interface MissingIndex {
  readonly index: IndexDefinition;
  /** An INVALID one of that name has to go first. */
  readonly replace: boolean;
  /** CREATE INDEX, or null where it is there and only what follows is missing. */
  readonly create: string | null;
  /** Comment, CLUSTER ON, statistics targets. */
  readonly finish: readonly string[];
  /** ALTER INDEX ... ATTACH PARTITION, or null. */
  readonly attach: string | null;
}

export interface DeferredIndexes {
  /** All of the source's indexes that the initial load left out. */
  readonly all: readonly IndexDefinition[];
  /** Those about which something is to be done. */
  readonly missing: readonly MissingIndex[];
}

export interface IndexResult {
  readonly name: string;
  readonly status: 'created' | 'skipped_exists' | 'failed';
  readonly duration_ms: number;
  readonly error: string | null;
}

/** Compares the source's deferred indexes with the destination's: one query on each side. */
export async function missingIndexes(pair: Pair): Promise<DeferredIndexes> {
  const { src, dst } = await pair.roots();
  const [all, there] = await Promise.all([deferredIndexes(src, pair.schema), indexesByName(dst, pair.schema)]);
  const missing = all
    .map((index) => whatIsMissing(pair.schema, index, there.get(index.name)))
    .filter(({ create, finish, attach }) => create !== null || finish.length > 0 || attach !== null);
  return { all, missing };
}

/** What has to be run so that the destination's index (undefined: not there) is as the source's. */
export function whatIsMissing(schema: string, index: IndexDefinition, there: IndexFacts | undefined): MissingIndex {
  // A partitioned index is INVALID until all of its partitions' are attached; that is mended by attaching.
  const broken = there !== undefined && !there.valid && !there.partitioned;
  const has = broken ? undefined : there;
  const name = qualified(schema, index.name);
  const { parent } = index;
  const attached = has?.parent !== undefined && has.parent !== null;
  const targets = new Map(has?.statistics.map(({ column, target }) => [column, target]));
  return {
    index,
    replace: broken,
    create: has === undefined ? index.definition : null,
    finish: [
      ...(index.comment !== null && index.comment !== has?.comment
        ? [`COMMENT ON INDEX ${name} IS ${literal(index.comment)}`]
        : []),
      ...(index.clustered && has?.clustered !== true
        ? [`ALTER TABLE ${qualified(schema, index.table)} CLUSTER ON ${ident(index.name)}`]
        : []),
      ...index.statistics
        .filter(({ column, target }) => targets.get(column) !== target)
        .map(
          ({ column, target }) => `ALTER INDEX ${name} ALTER COLUMN ${String(column)} SET STATISTICS ${String(target)}`,
        ),
    ],
    attach:
      parent === null || attached
        ? null
        : `ALTER INDEX ${qualified(parent.schema, parent.name)} ATTACH PARTITION ${name}`,
  };
}

/**
 * Builds what missingIndexes() found, as the destination's owner: the indexes with `jobs` sessions side by side, then
 * attachments (by which a partitioned index gets valid), comments, CLUSTER ON and statistics targets. One that fails
 * stops no other; see failedIndexes().
 * @param progress gets a line per index
 * @returns one result for each of the source's deferred indexes, in their order
 */
export async function createIndexes(
  dst: Side,
  schema: string,
  { all, missing }: DeferredIndexes,
  { jobs, progress = () => undefined }: { jobs: number; progress?: (text: string) => void },
): Promise<IndexResult[]> {
  const times = new Map<string, number>();
  const errors = new Map<string, string>();
  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    const started = performance.now();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      errors.set(name, error.message);
    } finally {
      times.set(name, (times.get(name) ?? 0) + performance.now() - started);
    }
  };
  // A partitioned index is made without its partitions', so at once; theirs are attached to it at the end.
  const builds = missing
    .filter(({ create }) => create !== null)
    .sort((one, other) => Number(other.index.partitioned) - Number(one.index.partitioned));
  if (missing.length > 0) {
    const sessions = Math.max(1, Math.min(jobs, builds.length));
    await dst.withSessions(
      sessions,
      'owner',
      async (idle) => {
        const free = [...idle];
        let done = 0;
        await pMap(
          builds,
          async (build) => {
            const session = free.pop();
            if (session === undefined) throw new Error('more index builds than sessions');
            await attempt(build.index.name, () => buildIndex(session, schema, build));
            free.push(session);
            done++;
            progress(`${String(done)} of ${String(builds.length)} indexes built, last "${build.index.name}"`);
          },
          { concurrency: sessions },
        );
        const [session] = idle;
        for (const { index, finish, attach } of missing) {
          if (session === undefined || errors.has(index.name)) continue;
          const statements = attach === null ? finish : [attach, ...finish];
          if (statements.length > 0) await attempt(index.name, () => runAll(session, schema, statements));
        }
      },
      DDL_TIMEOUTS,
    );
  }
  return all.map(({ name }) => ({
    name,
    status: errors.has(name) ? 'failed' : times.has(name) ? 'created' : 'skipped_exists',
    duration_ms: Math.round(times.get(name) ?? 0),
    error: errors.get(name) ?? null,
  }));
}

/** The error for results of which some failed, or undefined; it names at most three of them with PostgreSQL's words. */
export function failedIndexes(dst: Side, results: readonly IndexResult[]): QueryError | undefined {
  const failed = results.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return undefined;
  const some = failed.slice(0, 3).map(({ name, error }) => `"${name}": ${error ?? ''}`);
  const more = failed.length > some.length ? `; and ${String(failed.length - some.length)} more` : '';
  return new QueryError(
    `${String(failed.length)} of ${String(results.length)} indexes could not be made in the ${dst.toString()}: ${some.join('; ')}${more}`,
    {
      hint: 'Put right what PostgreSQL complains of, then run the same command again: indexes that are there are skipped.',
      detail: { side: dst.name, indexes: failed.map(({ name, error }) => ({ name, error })) },
    },
  );
}

function buildIndex(session: Session, schema: string, { index, replace, create }: MissingIndex): Promise<void> {
  const statements = create === null ? [] : [create];
  return runAll(session, schema, replace ? [`DROP INDEX ${qualified(schema, index.name)}`, ...statements] : statements);
}

function runAll(session: Session, schema: string, statements: readonly string[]): Promise<void> {
  return runDdl(session, schema, async () => {
    for (const statement of statements) await session.query(statement);
  });
}
