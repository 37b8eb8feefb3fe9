import { configJsonSchema } from '../../config/schema.js';
import type { PlainContext } from '../define.js';

/** Prints the JSON Schema of config.json. */
export function run({ print }: PlainContext): Promise<void> {
  print(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return Promise.resolve();
}
