import { RefusedError } from '../errors.js';
import { schemaFacts } from '../postgres/catalog/grants.js';
import type { Pair } from '../pair/pair.js';

/** @throws RefusedError when the source has no such schema: then its name is wrong in the config */
export async function requireSourceSchema(pair: Pair): Promise<void> {
  if ((await schemaFacts(await pair.src.root(), pair.schema)) !== null) return;
  throw new RefusedError(`the ${pair.src.toString()} has no schema "${pair.schema}"`, {
    hint: 'Check "schema_name" in the config.',
    detail: { side: 'src', object: pair.schema },
  });
}
