import type { Envelope } from './envelope.js';

/** 0 all well, 1 a check or a step failed, 2 nothing but configs are wrong, 130 interrupted. */
export function exitCodeOf(envelope: Envelope<object>): 0 | 1 | 2 | 130 {
  const errors = [envelope.error, ...envelope.results.map(({ error }) => error)].filter((error) => error !== null);
  if (errors.some(({ error_type }) => error_type === 'InterruptedError')) return 130;
  if (envelope.success) return 0;
  return errors.length > 0 &&
    errors.every(({ error_type }) => error_type === 'ConfigError' || error_type === 'UsageError')
    ? 2
    : 1;
}
