import type { Pair } from '../../pair/pair.js';
import type { DumpSchemaFields } from '../../results/dump-schema.js';
import { dumpSchemaFiles, editedFilesStep } from '../../schema/files/dump.js';
import { toolsStep } from '../../schema/load-steps.js';
import { requireSchemas } from '../../pair/require-schema.js';
import type { Outcome } from '../define.js';

/** Writes the source's schema into files of the project folder. */
export async function run(pair: Pair, { force }: { readonly force: boolean }): Promise<Outcome<DumpSchemaFields>> {
  const detail: DumpSchemaFields['detail'] = { files: [], invalid_indexes: [] };
  await pair.run([
    toolsStep(pair),
    ...(force ? [] : [editedFilesStep(pair)]),
    {
      name: 'dump-schema',
      title: `write ${pair.schemaWords} of the source into files`,
      run: async (progress) => {
        await requireSchemas(pair, 'src');
        const { files, invalid } = await dumpSchemaFiles(pair, progress);
        detail.files = files;
        detail.invalid_indexes = invalid;
        const left = invalid.length === 0 ? '' : `; left out, as they are INVALID: ${invalid.join(', ')}`;
        return `wrote ${files.map(({ path }) => path).join(', ')}${left}`;
      },
    },
  ]);
  return { fields: { detail } };
}
