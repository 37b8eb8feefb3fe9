import { describe, expect, it } from 'vitest';
import { canMakeSlotOn, isBefore, parseVersion } from '../../../src/pglogical/versions.js';

describe('pglogical versions', () => {
  it.each([
    ['2.4.2', '2.4.5', true],
    ['2.4.5', '2.4.5', false],
    ['2.4.10', '2.4.5', false],
    ['2.4', '2.4.1', true],
    ['3.0.0', '2.4.5', false],
  ])('%s before %s: %s', (a, b, before) => {
    expect(isBefore(parseVersion(a), parseVersion(b))).toBe(before);
  });

  it('knows which cannot make a slot on PostgreSQL 17', () => {
    expect(canMakeSlotOn([2, 4, 2], 16)).toBe(true);
    expect(canMakeSlotOn([2, 4, 2], 17)).toBe(false);
    expect(canMakeSlotOn([2, 4, 5], 17)).toBe(true);
  });
});
