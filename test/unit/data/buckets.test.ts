import { describe, expect, it } from 'vitest';
import { bucketCount, Buckets, leastDiffering } from '../../../src/data/full/buckets.js';

describe('Buckets', () => {
  it('are equal in whatever pieces the rows came', () => {
    const [whole, pieces] = [new Buckets(4), new Buckets(4)];
    whole.add('0 3 -5;3 1 9223372036854775807');
    pieces.add('3 1 9223372036854775807');
    pieces.add('0 1 18446744073709551617');
    pieces.add(null);
    pieces.add('0 2 -6');
    expect(pieces.rows).toBe(4);
    expect(whole.differing(pieces)).toEqual([]);
  });

  it('tell which differ, in rows or in sum', () => {
    const [src, dst] = [new Buckets(4), new Buckets(4)];
    src.add('0 3 -5;1 7 1;2 1 8');
    dst.add('0 3 -4;1 2 1;2 1 8;3 1 0');
    const differing = src.differing(dst);
    expect(differing).toEqual([
      { bucket: 0, src: 3, dst: 3 },
      { bucket: 1, src: 7, dst: 2 },
      { bucket: 3, src: 0, dst: 1 },
    ]);
    expect(leastDiffering(differing)).toBe(7);
  });

  it('are as many as the rows ask for, a power of two', () => {
    expect([0, 1_500, 1_501, 20_000, 1e12].map(bucketCount)).toEqual([1, 1, 2, 16, 131_072]);
  });
});
