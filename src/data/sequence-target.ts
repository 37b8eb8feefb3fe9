/** Where a sequence must stand so that it never gives out a value that was given out before. No database in here. */

/** Where a sequence stands: `isCalled` false means that `lastValue` is still to be given out. */
export interface SequenceState {
  readonly lastValue: bigint;
  readonly isCalled: boolean;
}

export interface SequenceBounds {
  /** Negative for a sequence that counts down. */
  readonly increment: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly cycle: boolean;
}

export type SequenceMethod = 'pk_max' | 'source_value' | 'source_value_with_stride';

export interface SequenceTarget {
  /** Where to set it; null when it stands far enough already. */
  readonly set: SequenceState | null;
  readonly method: SequenceMethod;
}

/**
 * Decides where to set a sequence: as far as the one it follows (plus the stride), as far as the highest value in the
 * columns that it feeds, never backwards. A cycling sequence takes over the state of the one it follows.
 * @param from the sequence to follow
 * @param own the sequence to set
 * @param edge the value furthest in the direction of counting among the columns that it feeds, or null without rows
 * @param behindKey whether it feeds a primary key; the stride is for the others, whose values no column shows
 */
export function sequenceTarget(
  from: SequenceState,
  own: SequenceState & SequenceBounds,
  { edge, behindKey, stride }: { edge: bigint | null; behindKey: boolean; stride: bigint },
): SequenceTarget {
  if (own.cycle) {
    const same = from.lastValue === own.lastValue && from.isCalled === own.isCalled;
    return { set: same ? null : from, method: 'source_value' };
  }
  const forward = own.increment > 0n ? 1n : -1n;
  let target: SequenceState = from;
  let method: SequenceMethod = 'source_value';
  if (stride > 0n && !behindKey) {
    const lastValue = from.lastValue + forward * stride;
    // A stride over the sequence's end would use it up; the followed value is safe without it.
    if (within(lastValue, own)) {
      target = { lastValue, isCalled: from.isCalled };
      method = 'source_value_with_stride';
    }
  }
  // A value that the sequence cannot reach was never its own: somebody wrote it by hand.
  if (edge !== null && within(edge, own)) {
    const shown: SequenceState = { lastValue: edge, isCalled: true };
    if (!isPast(target, shown, forward)) {
      target = shown;
      method = 'pk_max';
    }
  }
  return { set: isPast(target, own, forward) ? target : null, method };
}

/** Whether `a` stands further than `b` in the direction of counting. */
function isPast(a: SequenceState, b: SequenceState, forward: 1n | -1n): boolean {
  if (a.lastValue === b.lastValue) return a.isCalled && !b.isCalled;
  return (a.lastValue - b.lastValue) * forward > 0n;
}

function within(value: bigint, { min, max }: SequenceBounds): boolean {
  return value >= min && value <= max;
}
