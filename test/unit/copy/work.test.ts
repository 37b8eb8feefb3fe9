import { describe, expect, it } from 'vitest';
import type { CopyTable } from '../../../src/copy/chunk.js';
import type { Chunk } from '../../../src/copy/plan.js';
import { Work } from '../../../src/copy/work.js';
import type { Table } from '../../../src/postgres/catalog/tables.js';
import type { Label } from '../../../src/postgres/schemas.js';

const table = (label: string, bytes: number): CopyTable => ({
  table: { label } as Table,
  binary: true,
  bytes,
  blocks: 1,
});
const chunk = (of: CopyTable, number = 0): Chunk<CopyTable> => ({ table: of, number, first: 0, end: null, bytes: 1 });

const big = table('big', 1000);
const other = table('other', 600);
const small = [table('s1', 1), table('s2', 1)] as const;

describe('the pieces that are to be copied', () => {
  it('go to the table that has the most bytes for each who is at work on it', () => {
    const work = new Work([[chunk(big, 0)], [chunk(big, 1)], [chunk(big, 2)], [chunk(other, 0)], [chunk(other, 1)]]);
    const taken = Array.from({ length: 5 }, () => work.next()?.[0]?.table);
    expect(taken).toEqual([big, other, big, big, other]);
    expect(work.some).toBe(false);
    expect(work.next()).toBeUndefined();
  });

  it('tell of a table with its last piece; of small ones all at once', () => {
    const pieces = [[chunk(big, 0)], [chunk(big, 1)], small.map((one) => chunk(one))];
    const work = new Work(pieces);
    for (const piece of pieces) expect(work.next()).toBe(piece);
    const [first = [], second = [], third = []] = pieces;
    expect(work.completedBy(second)).toEqual([]);
    expect(work.completedBy(first)).toEqual([big]);
    expect(work.completedBy(third)).toEqual(small);
  });

  it('come again when the journal has lost them, and no more than once', () => {
    const piece = [chunk(big, 0)];
    const lost = [chunk(big, 1)];
    const work = new Work([piece, lost]);
    for (const one of [work.next(), work.next()]) work.completedBy(one ?? []);
    const noted = new Map([['big' as Label, new Set([0])]]);
    expect(work.again([big], noted)).toEqual({ lost: [lost], put: [lost] });
    // Asked once more, since the connection was lost on the way: while it waits, and while somebody is at it.
    expect(work.again([big], noted)).toEqual({ lost: [lost], put: [] });
    expect(work.next()).toBe(lost);
    expect(work.again([big], noted)).toEqual({ lost: [lost], put: [] });
    expect(work.some).toBe(false);
    expect(work.completedBy(lost)).toEqual([big]);
    expect(work.again([big], new Map([['big' as Label, new Set([0, 1])]]))).toEqual({ lost: [], put: [] });
  });
});
