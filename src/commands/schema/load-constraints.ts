import { BeltError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { constraintKey } from '../../postgres/catalog/constraints.js';
import type { LoadConstraintsFields } from '../../results/load-constraints.js';
import { deferredOrigin } from '../../schema/deferred-origin.js';
import { constraintsStep } from '../../schema/deferred-steps.js';
import { missingConstraints, type MissingConstraints } from '../../schema/not-valid-constraints.js';
import type { Outcome } from '../define.js';

/** Adds the NOT VALID constraints that the initial load left out. */
export async function run(
  pair: Pair,
  options: { readonly fromFiles: boolean },
): Promise<Outcome<LoadConstraintsFields>> {
  const origin = deferredOrigin(pair, options);
  let before: MissingConstraints = { all: [], missing: [] };
  let error: BeltError | undefined;
  try {
    const keep = (found: MissingConstraints): void => {
      before = found;
    };
    await pair.run([constraintsStep(pair, { origin, keep })]);
  } catch (failure) {
    if (!(failure instanceof BeltError)) throw failure;
    error = failure;
  }
  // What was missing is asked again: a failure may have left some of it.
  const lacked = new Set(before.missing.map(({ constraint }) => constraintKey(constraint)));
  const after = lacked.size === 0 ? before : await missingConstraints(pair, origin);
  const lacks = new Set(after.missing.map(({ constraint }) => constraintKey(constraint)));
  const schemas = await pair.schemas();
  const constraints = before.all.map((one) => ({
    name: one.name,
    table: schemas.label({ schema: one.schema, name: one.relation }),
    status: lacks.has(constraintKey(one))
      ? ('missing' as const)
      : lacked.has(constraintKey(one))
        ? ('added' as const)
        : ('skipped_exists' as const),
  }));
  return { fields: { detail: { constraints_file: origin.files?.constraints ?? null, constraints } }, error };
}
