import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import type { DeferredOrigin } from './deferred-origin.js';
import { removableConstraints, removableIndexes, type Candidate, type RemovalResult } from './removable.js';
import { builder } from './object-owners.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

/** Takes away from the destination what create-indexes and load-constraints make, so that data can come in without it. */

export interface RemovalStepOptions {
  readonly origin: DeferredOrigin;
  /** Gets what was found, and again what became of it. */
  readonly keep: (results: readonly RemovalResult[]) => void;
}

export function removeIndexesStep(pair: Pair, options: RemovalStepOptions): Step {
  return removalStep(pair, options, {
    name: 'remove-indexes',
    title: 'drop the indexes on the destination that can wait until the data is there',
    find: () => removableIndexes(pair, options.origin),
  });
}

export function removeConstraintsStep(pair: Pair, options: RemovalStepOptions): Step {
  return removalStep(pair, options, {
    name: 'remove-constraints',
    title: 'drop the NOT VALID constraints on the destination',
    find: () => removableConstraints(pair, options.origin),
  });
}

function removalStep(
  pair: Pair,
  { keep }: RemovalStepOptions,
  { name, title, find }: { name: string; title: string; find: () => Promise<Candidate[]> },
): Step {
  let found: Candidate[] | undefined;
  return {
    name,
    title,
    done: async () => {
      found = await find();
      keep(found.map(withoutStatement));
      if (found.some(({ status }) => status === 'to_remove')) return null;
      return found.length === 0 ? 'there is none' : leftWords(found);
    },
    run: async (progress) => {
      const candidates = found ?? (await find());
      const done = new Set<Candidate>();
      try {
        await dropAll(pair, candidates, (candidate) => {
          done.add(candidate);
          progress(`dropped "${candidate.name}" on "${candidate.table}"`);
        });
      } finally {
        keep(candidates.map((one) => withoutStatement(done.has(one) ? { ...one, status: 'removed' } : one)));
      }
      const left = leftWords(candidates);
      return `dropped ${String(done.size)}${left === '' ? '' : `; ${left}`}`;
    },
  };
}

function leftWords(candidates: readonly Candidate[]): string {
  const left = candidates.filter(({ status }) => status === 'left');
  return left.length === 0 ? '' : `left ${left.map(({ name, reason }) => `"${name}" (${reason ?? ''})`).join(', ')}`;
}

function withoutStatement({ name, table, status, reason }: Candidate): RemovalResult {
  return { name, table, status, reason };
}

/** Each in a transaction of its own, as the owner. */
async function dropAll(
  pair: Pair,
  candidates: readonly Candidate[],
  dropped: (candidate: Candidate) => void,
): Promise<void> {
  const wanted = candidates.filter(({ status }) => status === 'to_remove');
  if (wanted.length === 0) return;
  await pair.dst.withSessions(
    1,
    await builder(pair.dst, (await pair.schemas()).names),
    async ([session]) => {
      if (session === undefined) return;
      for (const candidate of wanted.filter(({ statement }) => statement !== '')) {
        try {
          await runDdl(session, candidate.schema, async () => {
            await session.query(candidate.statement);
          });
        } catch (error) {
          throw error instanceof QueryError ? dropError(error, pair, candidate) : error;
        }
        dropped(candidate);
      }
      // These went with their parents'.
      for (const candidate of wanted.filter(({ statement }) => statement === '')) dropped(candidate);
    },
    DDL_TIMEOUTS,
  );
}

function dropError(error: QueryError, pair: Pair, { name, schema, relation }: Candidate): QueryError {
  return new QueryError(
    `"${name}" on "${schema}"."${relation}" could not be dropped from the ${pair.dst.toString()}: ${error.message}`,
    {
      hint: error.hint ?? 'Put right what PostgreSQL complains of, then run the same command again.',
      detail: { ...error.detail, object: `${schema}.${relation}.${name}` },
      cause: error,
    },
  );
}
