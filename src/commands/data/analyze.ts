import { RefusedError } from '../../errors.js';
import { analyzeStep } from '../../data/analyze-step.js';
import type { Pair } from '../../pair/pair.js';
import { schemaFacts } from '../../postgres/catalog/grants.js';
import type { DetailFields } from '../../results/detail.js';
import type { Outcome } from '../define.js';

/** Runs ANALYZE on every table of the schema on the destination. */
export async function run(pair: Pair, { jobs }: { readonly jobs: number }): Promise<Outcome<DetailFields>> {
  let analyzed: readonly string[] = [];
  await pair.run([
    {
      name: 'check-schema',
      title: 'look for the schema on the destination',
      readOnly: true,
      run: () => requireSchema(pair),
    },
    analyzeStep(pair, { jobs, onlyStale: false }, (result) => {
      ({ analyzed } = result);
    }),
  ]);
  return { fields: { detail: { analyzed } } };
}

/** Without it there is nothing to analyze, which would look like success. */
async function requireSchema(pair: Pair): Promise<undefined> {
  if ((await schemaFacts(await pair.dst.root(), pair.schema)) !== null) return;
  throw new RefusedError(`the ${pair.dst.toString()} has no schema "${pair.schema}"`, {
    hint: 'Check "schema_name" in the config; belt setup makes the schema.',
    detail: { side: 'dst', object: pair.schema },
  });
}
