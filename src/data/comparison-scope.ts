import { RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { waitForCatchUp } from '../pglogical/catch-up.js';
import { back, forward, type Direction } from '../pglogical/direction.js';
import { readDirection, type DirectionState } from '../pglogical/state.js';
import { copiedTables, readTables, type Table } from '../postgres/catalog/tables.js';
import type { Label } from '../postgres/schemas.js';
import type { Settle } from './compare-keyed.js';
import { settle } from './full/settle.js';
import { readNonEmpty } from './row-counts.js';

/** What must be known of replication before rows of both sides are compared. */

/** Milliseconds that rows which never rest are looked at when replication has caught up. */
const LOOKING_MS = 5_000;

export interface Replication {
  readonly forward: DirectionState;
  readonly back: DirectionState;
}

/**
 * The step that finds out whether rows still arrive, from the servers. Refuses while the initial copy runs.
 * @param keep gets how both directions are
 */
export function replicationStep(pair: Pair, keep: (replication: Replication) => void): Step {
  return {
    name: 'check-replication',
    title: 'find out whether rows still arrive',
    readOnly: true,
    run: async () => {
      const [there, here] = await Promise.all([readDirection(forward(pair)), readDirection(back(pair))]);
      if (there.status === 'initializing' || there.copy !== null) {
        throw new RefusedError(
          `the initial copy of "${pair.db}" is not over: rows that it has yet to bring would look lost`,
          {
            hint: 'Wait until belt status says replicating, then run the same command again.',
            detail: { side: 'dst', object: forward(pair).subscription },
          },
        );
      }
      keep({ forward: there, back: here });
      const words = Object.entries({ forward: there, back: here }).map(([name, state]) => describe(name, state));
      return words.join('; ');
    },
  };
}

function describe(name: string, { status, reasons }: DirectionState): string {
  return status === 'down'
    ? `WARNING: ${name} replication is down, so what it has not brought will differ: ${reasons.join('; ')}`
    : `${name} replication: ${status}`;
}

/** Whether changes still arrive, in one direction or the other. */
export function arriving({ forward: there, back: here }: Replication): boolean {
  return there.status === 'replicating' || here.status === 'replicating';
}

/**
 * How to sort out rows that are on their way: first replication catches up, then they are looked at again.
 * @param deadline milliseconds that rows get to arrive
 * @returns undefined when none arrive
 */
export function settling(pair: Pair, replication: Replication, deadline: number): Settle | undefined {
  const directions: [Direction, DirectionState][] = [
    [forward(pair), replication.forward],
    [back(pair), replication.back],
  ];
  const live = directions.flatMap(([direction, { status, subscription }]) =>
    status === 'replicating' && subscription !== null ? [{ direction, slot: subscription.slot }] : [],
  );
  if (live.length === 0) return undefined;
  const { signal } = pair.environment;
  return async (sessions, suspected) => {
    await Promise.all(live.map(({ direction, slot }) => waitForCatchUp(direction, slot, deadline, signal)));
    return settle(sessions, suspected, { deadlineMs: Math.min(deadline, LOOKING_MS), signal });
  };
}

/**
 * The tables that sync has yet to copy: not replicated, and empty on the destination while forward replication is
 * configured. To compare them would only raise a false alarm.
 */
export async function notCopiedYet(
  pair: Pair,
  tables: readonly Table[],
  replication: Replication,
): Promise<Set<Label>> {
  const copied = copiedTables(tables);
  if (replication.forward.status === 'unconfigured' || copied.length === 0) return new Set();
  const dst = await pair.dst.root();
  const there = new Set((await readTables(dst, await pair.schemas(), [])).map(({ label }) => label));
  const known = copied.filter(({ label }) => there.has(label));
  const filled = await readNonEmpty(dst, known);
  return new Set(known.map(({ label }) => label).filter((label) => !filled.has(label)));
}
