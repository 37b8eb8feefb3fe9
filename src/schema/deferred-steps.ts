import { formatSeconds } from '../duration.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import {
  createIndexes,
  failedIndexes,
  missingIndexes,
  type DeferredIndexes,
  type IndexResult,
} from './deferred-indexes.js';
import type { DeferredOrigin } from './deferred-origin.js';
import { refreshViews, viewsToRefresh, type RefreshedView, type ViewToRefresh } from './materialized-views.js';
import { addConstraints, missingConstraints, type MissingConstraints } from './not-valid-constraints.js';

/** The steps that give the destination what the initial load left for later. Each does only what is still missing. */

/** @param keep gets the constraints as they were found */
export function constraintsStep(
  pair: Pair,
  { origin, keep }: { origin?: DeferredOrigin; keep?: (found: MissingConstraints) => void } = {},
): Step {
  let found: MissingConstraints | undefined;
  return {
    name: 'add-constraints',
    title: 'add the NOT VALID constraints on the destination',
    done: async () => {
      found = await missingConstraints(pair, origin);
      keep?.(found);
      return found.missing.length === 0 ? `all ${String(found.all.length)} are there` : null;
    },
    run: async (progress) => {
      const wanted = found ?? (await missingConstraints(pair, origin));
      await addConstraints(pair, wanted, progress);
      return `added ${String(wanted.missing.length)} of ${String(wanted.all.length)}`;
    },
  };
}

interface IndexesOptions {
  readonly jobs: number;
  readonly concurrently?: boolean;
  readonly origin?: DeferredOrigin;
  /** Gets what became of each index: first as it was found, then as it was left. */
  readonly keep?: (results: readonly IndexResult[]) => void;
}

export function indexesStep(
  pair: Pair,
  { jobs, concurrently = false, origin, keep = () => undefined }: IndexesOptions,
): Step {
  let found: DeferredIndexes | undefined;
  return {
    name: 'create-indexes',
    title: 'create the indexes that are missing on the destination',
    done: async () => {
      found = await missingIndexes(pair, origin);
      keep(
        found.all.map(({ label: name }) => ({
          name,
          status: 'skipped_exists',
          duration_ms: 0,
          error: null,
          hint: null,
        })),
      );
      return found.missing.length === 0 ? `all ${String(found.all.length)} are there` : null;
    },
    run: async (progress) => {
      const wanted = found ?? (await missingIndexes(pair, origin));
      const results = await createIndexes(pair.dst, wanted, { jobs, concurrently, progress });
      keep(results);
      const error = failedIndexes(pair.dst, results);
      if (error !== undefined) throw error;
      const replaced = wanted.missing.filter(({ replace }) => replace).map(({ index }) => `"${index.label}"`);
      const dropped = replaced.length === 0 ? '' : `; dropped INVALID ones of earlier builds: ${replaced.join(', ')}`;
      return `created ${String(wanted.missing.length)} of ${String(wanted.all.length)}${dropped}`;
    },
  };
}

/** @param keep gets what became of each, also when some failed */
export function viewsStep(
  pair: Pair,
  { again, keep = () => undefined }: { readonly again: boolean; readonly keep?: (results: RefreshedView[]) => void },
): Step {
  let found: ViewToRefresh[] | undefined;
  return {
    name: 'refresh-views',
    title: again
      ? 'refresh the materialized views on the destination'
      : 'fill the materialized views on the destination',
    done: async () => {
      found = await viewsToRefresh(pair, again);
      return found.length === 0 ? `none is ${again ? '' : 'empty that is '}filled on the source` : null;
    },
    run: async (progress) => {
      const { results, error } = await refreshViews(pair, found ?? (await viewsToRefresh(pair, again)), progress);
      keep(results);
      if (error !== undefined) throw error;
      const each = results.map(({ name, duration_ms }) => `"${name}" in ${formatSeconds(duration_ms / 1000)}`);
      return `refreshed ${each.join(', ')}`;
    },
  };
}
