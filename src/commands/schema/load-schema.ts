import type { Pair } from '../../pair/pair.js';
import type { DetailFields } from '../../results/detail.js';
import { fromFile } from '../../schema/files/load.js';
import { shownPath } from '../../schema/files/store.js';
import { extensionsStep, schemaSteps } from '../../schema/load-steps.js';
import type { Outcome } from '../define.js';

/** Loads the schema that dump-schema wrote, but for what has to wait until the data is there. */
export async function run(
  pair: Pair,
  options: { readonly createRoles: boolean; readonly extensions: boolean },
): Promise<Outcome<DetailFields>> {
  const load = await pair.step({ name: 'read-file', title: `read ${shownPath(pair, 'load')}` }, () => fromFile(pair));
  await pair.run([extensionsStep(pair, options.extensions, load.origin), ...schemaSteps(pair, options, load)]);
  return { fields: { detail: { file: shownPath(pair, 'load') } } };
}
