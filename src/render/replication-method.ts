import type { Style } from './style.js';

/** In colour, how the rows of a table move. */
export function methodWord(method: 'pglogical' | 'dump_and_load' | 'unavailable', { chalk }: Style): string {
  if (method === 'pglogical') return chalk.green('pglogical');
  return method === 'dump_and_load' ? chalk.yellow('dump and load') : chalk.dim('unavailable');
}
