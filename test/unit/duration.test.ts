import { describe, expect, it } from 'vitest';
import { formatSeconds, parseDuration } from '../../src/duration.js';

describe('a duration', () => {
  it.each([
    ['1s', 1_000],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['1h30m', 5_400_000],
    ['20d', 1_728_000_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '0s', '10', 's', '-1s', '1.5h', '1 h', '1w', '21d', '1h,', '99999999999999999999d'])(
    'is not %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it.each([
    [0, '0.0 s'],
    [0.44, '0.4 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.6, '1 min 0 s'],
    [200, '3 min 20 s'],
    [3_599.6, '1 h 0 min'],
    [7_500, '2 h 5 min'],
    [100 * 3_600, '4 d 4 h'],
  ])('of %d s reads %s', (seconds, words) => {
    expect(formatSeconds(seconds)).toBe(words);
  });
});
