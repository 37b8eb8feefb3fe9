import { RefusedError } from '../errors.js';
import { schemaFacts } from '../postgres/catalog/grants.js';
import type { Side } from './side.js';

/**
 * Makes sure that a side has the schema that moves: without it there is nothing to do, which would look like success.
 * @throws RefusedError
 */
export async function requireSchema(side: Side, schema: string): Promise<undefined> {
  if ((await schemaFacts(await side.root(), schema)) !== null) return;
  const made = side.name === 'dst' ? '; belt setup makes the schema' : '';
  throw new RefusedError(`the ${side.toString()} has no schema "${schema}"`, {
    hint: `Check "schema_name" in the config${made}.`,
    detail: { side: side.name, object: schema },
  });
}
