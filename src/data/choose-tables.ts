import { RefusedError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { Pair } from '../pair/pair.js';
import { requireSchemas } from '../pair/require-schema.js';
import { readTables, type Table } from '../postgres/catalog/tables.js';
import type { Label, Schemas } from '../postgres/schemas.js';

/** Looks at tables that a person has named: gives the reasons for those that will not do, by label. */
export type Unfit = (tables: readonly Table[]) => Promise<ReadonlyMap<Label, string>>;

/**
 * The source's tables that a command works on: those named on the command line, with the partitions of a partitioned
 * one, or those of the config when none is named.
 * @param named what --table was given
 * @param purpose what is to be done with them: `copied`
 * @param unfit why some of the named ones will not do; `the destination lacks it` is not its business
 * @throws RefusedError naming all the names that will not do, each with the reason
 */
export async function chooseTables(
  pair: Pair,
  named: readonly string[],
  purpose: string,
  unfit: Unfit,
): Promise<Table[]> {
  await requireSchemas(pair, 'src');
  const [session, schemas] = await Promise.all([pair.src.root(), pair.schemas()]);
  if (named.length === 0) return readTables(session, schemas, pair.config.tables);
  const all = await readTables(session, schemas, []);
  const labels = all.map(({ label }) => label);
  const found = [...new Set(named)].map((text) => ({ text, tables: schemas.find(text, all) }));
  const missing = found.filter((one) => one.tables.length === 0).map(({ text }) => text);
  const ambiguous = found.filter((one) => one.tables.length > 1);
  const existing = new Set(
    found.flatMap((one) => (one.tables.length === 1 ? one.tables.map(({ label }) => label) : [])),
  );
  const tables = existing.size === 0 ? [] : await readTables(session, schemas, [...existing]);
  const foreign = tables.filter(({ kind, label }) => kind === 'foreign' && existing.has(label));
  const faults = new Map<string, string>([
    ...missing.map((text): [string, string] => [text, `is not in ${schemas.words}${meant(text, labels)}`]),
    ...ambiguous.map((one): [string, string] => [
      one.text,
      `is in more than one schema: ${one.tables.map(({ label }) => label).join(', ')}`,
    ]),
    ...foreign.map(({ label, reason }): [string, string] => [label, `is ${reason ?? ''}`]),
    ...(await unfit(tables.filter(({ kind }) => kind === 'table'))),
  ]);
  if (faults.size > 0) refuse(pair, schemas, faults, missing, purpose);
  return tables;
}

function meant(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

function refuse(
  pair: Pair,
  schemas: Schemas,
  faults: ReadonlyMap<string, string>,
  missing: readonly string[],
  purpose: string,
): never {
  const described = [...faults].map(([name, reason]) => `"${name}" ${reason}`);
  const spelling =
    missing.length === 0
      ? ''
      : ` In names upper and lower case count; ${schemas.qualify ? 'schema.table says which of several is meant' : 'quotes and the schema do not belong to them'}.`;
  throw new RefusedError(
    `${String(faults.size)} of the tables named cannot be ${purpose} from the ${pair.src.toString()}: ${described.join('; ')}`,
    {
      hint: `Nothing was done. Leave them out of --table, and run the command again.${spelling}`,
      detail: { side: 'src', schema: schemas.text, missing, tables: Object.fromEntries(faults) },
    },
  );
}
