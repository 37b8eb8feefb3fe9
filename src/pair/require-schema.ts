import { RefusedError } from '../errors.js';
import { schemaFacts } from '../postgres/catalog/grants.js';
import type { Side } from './side.js';

/**
 * Without the schema a command would find nothing to do or to show, which would look like success.
 * @param advice what else to do, as a sentence
 * @throws RefusedError when the database of the side has no such schema
 */
export async function requireSchema(side: Side, schema: string, advice?: string): Promise<undefined> {
  if ((await schemaFacts(await side.root(), schema)) !== null) return;
  throw new RefusedError(`the ${side.toString()} has no schema "${schema}"`, {
    hint: ['Check "schema_name" in the config.', advice].filter((part) => part !== undefined).join(' '),
    detail: { side: side.name, object: schema },
  });
}
