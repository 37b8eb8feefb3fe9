import type { Pair } from '../pair/pair.js';
import { constraintKey, notValidConstraints } from '../postgres/catalog/constraints.js';
import {
  attachedIndexes,
  deferredIndexes,
  type IndexDefinition,
  type IndexFacts,
} from '../postgres/catalog/indexes.js';
import { qualified } from '../postgres/quote.js';
import type { Label } from '../postgres/schemas.js';
import { dropConstraint, planConstraint } from './constraint-plan.js';
import type { DeferredOrigin } from './deferred-origin.js';

/**
 * What of the destination can be taken away, as it can be made again. An index or a constraint that the source (or the
 * files) does not have, or has in another form, stays.
 */

export interface RemovalResult {
  readonly name: string;
  /** The table, materialized view or domain it stands on. */
  readonly table: string;
  /** `to_remove` with --dry-run, or when the run did not get that far. */
  readonly status: 'removed' | 'to_remove' | 'left';
  /** Why it was left; null for others. */
  readonly reason: string | null;
}

/** With the statement that takes it away; empty where it goes with another. */
export interface Candidate extends RemovalResult {
  readonly schema: string;
  /** What it stands on. */
  readonly relation: string;
  readonly statement: string;
}

/** The destination's deferred indexes; those of partitions go with their parents'. */
export async function removableIndexes(pair: Pair, origin: DeferredOrigin): Promise<Candidate[]> {
  const dst = await pair.dst.root();
  const schemas = await pair.schemas();
  const [there, kept] = [await deferredIndexes(dst, schemas), await attachedIndexes(dst, schemas)];
  const plans = await origin.indexes();
  const comparable = await origin.comparable('indexes');
  const known = new Map(plans.map(({ index, parts }) => [index.label, { index, parts }]));
  const why = new Map<Label, string | null>();
  const reasonOf = (index: IndexDefinition): string | null => {
    const plan = known.get(index.label);
    if (plan === undefined) return unknown(origin, 'indexes');
    const create = plan.parts.find(({ part }) => part === 'create')?.sql;
    const same = plan.index.table === index.table && (!comparable || create === index.definition);
    return same ? null : another(origin, 'indexes');
  };
  for (const index of there) why.set(index.label, reasonOf(index));
  // An index goes with all that is attached to it, so one that is to stay keeps those above it, and these all below them.
  const byLabel = new Map(there.map((index) => [index.label, index]));
  const above = (index: IndexFacts): Label[] => {
    const parent = index.parent === null ? undefined : byLabel.get(schemas.label(index.parent));
    return parent === undefined ? [] : [parent.label, ...above(parent)];
  };
  for (const index of [...there, ...kept]) {
    if (why.get(index.label) === null) continue;
    for (const name of above(index)) {
      if (why.get(name) === null) why.set(name, `"${index.label}" is attached to it, and is to stay`);
    }
  }
  return there.map((index) => {
    const parents = above(index);
    const keeper =
      parents.find((name) => why.get(name) !== null) ??
      (parents.length > 0 || index.parent === null ? undefined : schemas.label(index.parent));
    const reason = why.get(index.label) ?? (keeper === undefined ? null : `it is attached to "${keeper}", which stays`);
    const goesWithParent = reason === null && parents.length > 0;
    return {
      name: index.label,
      table: schemas.label({ schema: index.schema, name: index.table }),
      schema: index.schema,
      relation: index.table,
      status: reason === null ? 'to_remove' : 'left',
      reason,
      statement: goesWithParent ? '' : `DROP INDEX ${qualified(index.schema, index.name)}`,
    };
  });
}

/** The destination's NOT VALID constraints, parents' before children's. */
export async function removableConstraints(pair: Pair, origin: DeferredOrigin): Promise<Candidate[]> {
  const dst = await pair.dst.root();
  const schemas = await pair.schemas();
  const [there, plans] = await Promise.all([notValidConstraints(dst, schemas), origin.constraints()]);
  const comparable = await origin.comparable('constraints');
  const known = new Map(plans.map((plan) => [constraintKey(plan.constraint), plan]));
  const addOf = (parts: readonly { part: string; sql: string }[]): string | undefined =>
    parts.find(({ part }) => part === 'add')?.sql;
  // They come children first; a child's can be dropped once its parent's is gone.
  return there.toReversed().map((constraint) => {
    const plan = known.get(constraintKey(constraint));
    const same = plan !== undefined && (!comparable || addOf(plan.parts) === addOf(planConstraint(constraint).parts));
    const reason = plan === undefined ? unknown(origin, 'constraints') : same ? null : another(origin, 'constraints');
    return {
      name: constraint.name,
      table: schemas.label({ schema: constraint.schema, name: constraint.relation }),
      schema: constraint.schema,
      relation: constraint.relation,
      status: reason === null ? 'to_remove' : 'left',
      reason,
      statement: dropConstraint(constraint),
    };
  });
}

function unknown({ files }: DeferredOrigin, kind: 'indexes' | 'constraints'): string {
  return files === null ? 'the source has none of that name' : `${files[kind]} has none of that name`;
}

function another({ files }: DeferredOrigin, kind: 'indexes' | 'constraints'): string {
  return files === null ? 'the source has another of that name' : `${files[kind]} has another of that name`;
}
