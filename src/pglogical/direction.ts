import type { Pair } from '../pair/pair.js';
import type { Side } from '../pair/side.js';
import type { SideName } from '../errors.js';

/** The names that belt gives to its objects in pglogical; the same as the reference tool's, so either finds them. */
export const REPLICATION_SET = 'pgbelt';

/** A set without tables, for a subscription that is to do nothing yet; gone once it has another. */
export const EMPTY_SET = 'belt_none';

const NODES: Readonly<Record<SideName, string>> = { src: 'pg1', dst: 'pg2' };

/** The name of a side's pglogical node. */
export function nodeName(side: SideName): string {
  return NODES[side];
}

/** The names of the subscriptions: forward on the destination, back on the source. */
export const SUBSCRIPTIONS = {
  forward: `${NODES.src}_${NODES.dst}`,
  back: `${NODES.dst}_${NODES.src}`,
} as const;

/** One way in which rows flow: forward from source to destination, back from destination to source. */
export interface Direction {
  readonly name: 'forward' | 'back';
  readonly provider: Side;
  readonly subscriber: Side;
  /** The subscription's name, on the subscriber. */
  readonly subscription: string;
}

export function forward(pair: Pair): Direction {
  return { name: 'forward', provider: pair.src, subscriber: pair.dst, subscription: SUBSCRIPTIONS.forward };
}

export function back(pair: Pair): Direction {
  return { name: 'back', provider: pair.dst, subscriber: pair.src, subscription: SUBSCRIPTIONS.back };
}
