import { expect, it } from 'vitest';
import type { Envelope } from '../../src/results/envelope.js';
import { exitCodeOf } from '../../src/results/exit-code.js';

function envelope(...types: (string | null)[]): Envelope<object> {
  const results = types.map((error_type, index) => ({
    db: `db${String(index)}`,
    success: error_type === null,
    error: error_type === null ? null : { error_type, message: 'm', detail: null },
    steps: [],
  }));
  const success = types.every((type) => type === null);
  return { command: 'c', dc: 'dc', db: null, success, timestamp: '', duration_ms: 0, error: null, results };
}

it.each([
  [0, [null, null]],
  [1, [null, 'QueryError']],
  [1, ['ConfigError', 'QueryError']],
  [2, ['ConfigError', null]],
  [130, ['QueryError', 'InterruptedError']],
])('is %i for %j', (code, types) => {
  expect(exitCodeOf(envelope(...types))).toBe(code);
});
