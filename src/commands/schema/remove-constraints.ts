import type { Pair } from '../../pair/pair.js';
import type { RemovalFields } from '../../results/removal.js';
import { removeConstraintsStep } from '../../schema/removal.js';
import type { Outcome } from '../define.js';
import { runRemoval, type RemovalOptions } from './run-removal.js';

/** Drops from the destination the NOT VALID constraints that load-constraints would make. */
export function run(pair: Pair, options: RemovalOptions): Promise<Outcome<RemovalFields>> {
  return runRemoval(pair, options, 'constraints', removeConstraintsStep);
}
