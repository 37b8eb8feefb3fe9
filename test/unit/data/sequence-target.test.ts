import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequenceTarget, type SequenceBounds, type SequenceState } from '../../../src/data/sequence-target.js';

const up: SequenceBounds = { increment: 1n, min: 1n, max: 1000n, cycle: false };
const down: SequenceBounds = { increment: -1n, min: -1000n, max: -1n, cycle: false };
const at = (lastValue: bigint, isCalled = true): SequenceState => ({ lastValue, isCalled });
const plain = { edge: null, behindKey: false, stride: 0n };

interface Options {
  edge: bigint | null;
  behindKey: boolean;
  stride: bigint;
}
type Case = [string, SequenceState, SequenceState & SequenceBounds, Partial<Options>, SequenceState | null];

describe('sequenceTarget', () => {
  it.each<Case>([
    ['follows the source', at(5n), { ...up, ...at(1n, false) }, {}, at(5n)],
    ['never goes back', at(5n), { ...up, ...at(9n) }, {}, null],
    ['counts down', at(-5n), { ...down, ...at(-3n) }, {}, at(-5n)],
    ['never goes back when counting down', at(-5n), { ...down, ...at(-9n) }, {}, null],
    ['keeps "never called"', at(7n, false), { ...up, ...at(1n, false) }, {}, at(7n, false)],
    ['sees that one was called', at(1n), { ...up, ...at(1n, false) }, {}, at(1n)],
    ['does not take a call back', at(1n, false), { ...up, ...at(1n) }, {}, null],
    ['goes past the rows', at(5n), { ...up, ...at(1n) }, { edge: 77n }, at(77n)],
    ['goes past the rows when counting down', at(-5n), { ...down, ...at(-1n) }, { edge: -77n }, at(-77n)],
    ['lets the source win over the rows', at(99n), { ...up, ...at(1n) }, { edge: 77n }, at(99n)],
    ['ignores rows out of its reach', at(5n), { ...up, ...at(1n) }, { edge: 5000n }, at(5n)],
    ['adds the stride', at(5n), { ...up, ...at(1n) }, { stride: 10n }, at(15n)],
    ['subtracts the stride when counting down', at(-5n), { ...down, ...at(-1n) }, { stride: 10n }, at(-15n)],
    ['adds no stride to a key', at(5n), { ...up, ...at(1n) }, { stride: 10n, behindKey: true }, at(5n)],
    ['adds no stride past the end', at(995n), { ...up, ...at(1n) }, { stride: 10n }, at(995n)],
    ['follows a cycling one back', at(5n), { ...up, cycle: true, ...at(9n) }, { stride: 10n, edge: 20n }, at(5n)],
  ])('%s', (_, from, own, options, expected) => {
    expect(sequenceTarget(from, own, { ...plain, ...options }).set).toEqual(expected);
  });

  it('never ends behind the source, the rows or itself', () => {
    const state = fc.record({ lastValue: fc.bigInt(1n, 1000n), isCalled: fc.boolean() });
    fc.assert(
      fc.property(state, state, fc.option(fc.bigInt(1n, 1000n)), fc.bigInt(0n, 50n), (from, own, edge, stride) => {
        const { set } = sequenceTarget(from, { ...up, ...own }, { edge, behindKey: false, stride });
        const end = set ?? own;
        const next = end.isCalled ? end.lastValue + 1n : end.lastValue;
        for (const used of [from, own]) if (used.isCalled) expect(next > used.lastValue).toBe(true);
        if (edge !== null) expect(next > edge).toBe(true);
      }),
    );
  });
});
