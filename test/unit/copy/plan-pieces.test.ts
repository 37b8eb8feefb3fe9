import { expect, it } from 'vitest';
import { pieceBytes } from '../../../src/copy/plan.js';

const MB = 1024 * 1024;

it.each([
  ['of a small database are not tiny', [3 * MB, 4 * MB], 4, 8 * MB],
  ['of a middling one keep all workers busy to the end', [1_024 * MB, 1_024 * MB], 4, 16 * MB],
  ['are smaller for more workers', [2_048 * MB], 8, 8 * MB],
  ['of a big one are not huge', [1_000_000 * MB], 4, 128 * MB],
])('pieces %s', (_, tables, workers, expected) => {
  expect(
    pieceBytes(
      tables.map((bytes) => ({ bytes, blocks: 1 })),
      workers,
    ),
  ).toBe(expected);
});
