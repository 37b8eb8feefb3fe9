import { RefusedError } from '../errors.js';
import { absentSchemas } from '../postgres/catalog/movable-schemas.js';
import { schemaWords } from '../postgres/schemas.js';
import type { Pair } from './pair.js';

/**
 * Makes sure that a side has the schemas that move: without them there is nothing to do, which would look like success.
 * @throws RefusedError naming those that it lacks
 */
export async function requireSchemas(pair: Pair, name: 'src' | 'dst'): Promise<undefined> {
  const [schemas, session] = await Promise.all([pair.schemas(), pair[name].root()]);
  const absent = await absentSchemas(session, schemas);
  if (absent.length === 0) return;
  const made = name === 'dst' ? `; belt setup makes the schema${absent.length === 1 ? '' : 's'}` : '';
  throw new RefusedError(`the ${pair[name].toString()} has no ${schemaWords(absent)}`, {
    hint: `Check "schema_name" in the config${made}.`,
    detail: { side: name, object: absent.join(', ') },
  });
}
