import { expect, it } from 'vitest';
import { errorToJson, InterruptedError } from '../../src/errors.js';
import { makeEnvelope } from '../../src/make-envelope.js';

const run = { command: 'status', dc: 'dc1', db: undefined, started: new Date('2026-01-02T03:04:05Z') };
const good = { db: 'shop', success: true, error: null, steps: [] };

it('is a success when every database is one, and nothing else went wrong', () => {
  expect(makeEnvelope(run, [good, good])).toEqual({
    command: 'status',
    dc: 'dc1',
    db: null,
    success: true,
    timestamp: '2026-01-02T03:04:05.000Z',
    duration_ms: expect.any(Number) as number,
    error: null,
    results: [good, good],
  });
  expect(makeEnvelope({ ...run, db: 'shop' }, [good, { ...good, success: false }])).toMatchObject({
    db: 'shop',
    success: false,
  });
});

it('is no success after an interruption, though every database was done', () => {
  const error = errorToJson(new InterruptedError('interrupted'));
  expect(makeEnvelope(run, [good], error)).toMatchObject({ success: false, error: { error_type: 'InterruptedError' } });
});
