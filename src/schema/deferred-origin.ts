import type { Pair } from '../pair/pair.js';
import { lateConstraints } from '../postgres/catalog/constraints.js';
import { attachedIndexes, deferredIndexes } from '../postgres/catalog/indexes.js';
import { planConstraint, type ConstraintPlan } from './constraint-plan.js';
import { filesOrigin } from './files/deferred.js';
import { planAttachment, planIndex, type IndexPlan } from './index-plan.js';

/** Where the definitions of what is made after the data come from. */
export interface DeferredOrigin {
  /** The files they stand in, relative to the project folder; null for the source's catalog. */
  readonly files: { readonly indexes: string; readonly constraints: string } | null;
  /**
   * Whether its statements are as a server writes them, so that texts can be compared. Major versions write indexes and
   * constraints alike; should one not, it counts as another, and stays.
   */
  comparable(kind: 'indexes' | 'constraints'): Promise<boolean>;
  indexes(): Promise<readonly IndexPlan[]>;
  constraints(): Promise<readonly ConstraintPlan[]>;
}

/** The source's catalog, as it is now. */
export function catalogDeferred(pair: Pair): DeferredOrigin {
  return {
    files: null,
    comparable: () => Promise.resolve(true),
    indexes: async () => {
      const [session, schemas] = [await pair.src.root(), await pair.schemas()];
      const [made, attached] = [await deferredIndexes(session, schemas), await attachedIndexes(session, schemas)];
      return [...made.map(planIndex), ...attached.map(planAttachment)];
    },
    constraints: async () =>
      (await lateConstraints(await pair.src.root(), await pair.schemas())).map((one) => planConstraint(one)),
  };
}

/** Of the source's catalog, the constraints alone that setup takes off the destination: see relaxSteps(). */
export function takenOff(pair: Pair): DeferredOrigin {
  return {
    ...catalogDeferred(pair),
    constraints: async () =>
      (await lateConstraints(await pair.src.root(), await pair.schemas()))
        .filter(({ valid }) => valid)
        .map((one) => planConstraint(one)),
  };
}

/** The source where the config has one, unless the files are wanted; else the files that dump-schema wrote. */
export function deferredOrigin(pair: Pair, { fromFiles }: { readonly fromFiles: boolean }): DeferredOrigin {
  return fromFiles || !pair.hasSrc ? filesOrigin(pair) : catalogDeferred(pair);
}
