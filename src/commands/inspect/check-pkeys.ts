import type { Pair } from '../../pair/pair.js';
import { requireSchemas } from '../../pair/require-schema.js';
import { readTables } from '../../postgres/catalog/tables.js';
import type { CheckPkeysFields } from '../../results/check-pkeys.js';
import type { Outcome } from '../define.js';

/** Reads which tables of the source have a primary key, and how the rows of each will be moved. */
export async function run(pair: Pair): Promise<Outcome<CheckPkeysFields>> {
  await requireSchemas(pair, 'src');
  const schemas = await pair.schemas();
  const tables = await readTables(await pair.src.root(), schemas, pair.config.tables);
  const names = (keyed: boolean): string[] =>
    tables.filter(({ primaryKey }) => (primaryKey !== null) === keyed).map(({ label }) => label);
  return {
    fields: {
      detail: {
        schema_name: schemas.text,
        with_primary_key: names(true),
        without_primary_key: names(false),
        tables: tables.map(({ label, primaryKey, replicationMethod, reason }) => ({
          name: label,
          primary_key: primaryKey === null ? null : [...primaryKey],
          replication_method: replicationMethod,
          reason,
        })),
      },
    },
  };
}
