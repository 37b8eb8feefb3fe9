import { CheckFailedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { requireSchemas } from '../../pair/require-schema.js';
import type { DiffSchemasFields } from '../../results/diff-schemas.js';
import { describeDifferences, differencesText, schemaDifferences } from '../../schema/differences.js';
import type { Outcome } from '../define.js';

/** Compares the schemas of both sides. */
export async function run(pair: Pair, { full }: { readonly full: boolean }): Promise<Outcome<DiffSchemasFields>> {
  if (pair.config.tables.length > 0) {
    const reason = 'the config lists tables, so only a part of the schema moves';
    return { fields: { result: 'skipped', reason, diff: '', differences: [] } };
  }
  const differences = await pair.step(
    { name: 'compare-schemas', title: 'compare the schemas of both sides' },
    async () => {
      await requireSchemas(pair, 'src');
      return schemaDifferences(pair, { full });
    },
  );
  const fields = { reason: null, diff: differencesText(differences), differences };
  if (differences.length === 0) return { fields: { ...fields, result: 'match' } };
  const schemas = await pair.schemas();
  return {
    fields: { ...fields, result: 'mismatch' },
    error: new CheckFailedError(
      `${schemas.words} ${schemas.names.length === 1 ? 'is' : 'are'} not the same on both sides: ${describeDifferences(differences)}`,
      {
        hint: 'Make the destination as the source (create-indexes and load-constraints make what waits for the data), then run the same command again.',
        detail: { schema: schemas.text, differences: differences.length },
      },
    ),
  };
}
