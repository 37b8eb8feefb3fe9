import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { constraintComments, constraintKey, type ConstraintName } from '../postgres/catalog/constraints.js';
import { makeDurable } from '../postgres/durable.js';
import { missingStatements } from './constraint-plan.js';
import { catalogDeferred, type DeferredOrigin } from './deferred-origin.js';
import { builder } from './object-owners.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

/** A constraint of which the destination lacks something. */
export interface MissingConstraint {
  readonly constraint: ConstraintName;
  /** ADD CONSTRAINT and COMMENT, or the comment alone. */
  readonly statements: readonly string[];
}

export interface MissingConstraints {
  /** All of the source's NOT VALID constraints. */
  readonly all: readonly ConstraintName[];
  readonly missing: readonly MissingConstraint[];
}

/** Compares the NOT VALID constraints that were left for later with what the destination has: one query on each side. */
export async function missingConstraints(
  pair: Pair,
  origin: DeferredOrigin = catalogDeferred(pair),
): Promise<MissingConstraints> {
  const [plans, dst] = await Promise.all([origin.constraints(), pair.dst.root()]);
  const there = await constraintComments(dst, await pair.schemas());
  const missing = plans
    .map((plan) => ({
      constraint: plan.constraint,
      statements: missingStatements(plan, there.get(constraintKey(plan.constraint))),
    }))
    .filter(({ statements }) => statements.length > 0);
  return { all: plans.map(({ constraint }) => constraint), missing };
}

/**
 * Adds what missingConstraints() found, as the destination's owner, one transaction for each. They stay NOT VALID, so
 * rows that are there may break them. Waits for locks a few seconds at a time only.
 * @throws QueryError naming the constraint and what it stands on, with PostgreSQL's message
 */
export async function addConstraints(
  pair: Pair,
  { missing }: MissingConstraints,
  progress: (text: string) => void = () => undefined,
): Promise<void> {
  if (missing.length === 0) return;
  await pair.dst.withSessions(
    1,
    await builder(pair.dst, (await pair.schemas()).names),
    async ([session]) => {
      if (session === undefined) return;
      await session.query('SET synchronous_commit = off');
      for (const [done, { constraint, statements }] of missing.entries()) {
        progress(`${String(done + 1)} of ${String(missing.length)}: "${constraint.name}" on "${constraint.relation}"`);
        try {
          await runDdl(session, constraint.schema, async () => {
            for (const statement of statements) await session.query(statement);
          });
        } catch (error) {
          throw error instanceof QueryError ? constraintError(error, constraint) : error;
        }
      }
    },
    DDL_TIMEOUTS,
  );
  await makeDurable(await pair.dst.root());
}

function constraintError(error: QueryError, { name, on, schema, relation }: ConstraintName): QueryError {
  return new QueryError(
    `NOT VALID constraint "${name}" could not be added to ${on} "${schema}"."${relation}": ${error.message}`,
    {
      hint: error.hint ?? 'Put right what PostgreSQL complains of, then run the same command again.',
      detail: { ...error.detail, object: `${schema}.${relation}.${name}`, constraint: name },
      cause: error,
    },
  );
}
