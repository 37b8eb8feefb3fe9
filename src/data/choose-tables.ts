import { RefusedError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { Pair } from '../pair/pair.js';
import { requireSchema } from '../pair/require-schema.js';
import { readTables, type Table } from '../postgres/catalog/tables.js';

/** Looks at tables that a person has named: gives the reasons for those that will not do, by name. */
export type Unfit = (tables: readonly Table[]) => Promise<ReadonlyMap<string, string>>;

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
  await requireSchema(pair.src, pair.schema);
  const session = await pair.src.root();
  if (named.length === 0) return readTables(session, pair.schema, pair.config.tables);
  const names = [...new Set(named)];
  const all = (await readTables(session, pair.schema, [])).map(({ name }) => name);
  const missing = names.filter((name) => !all.includes(name));
  const existing = names.filter((name) => all.includes(name));
  const tables = existing.length === 0 ? [] : await readTables(session, pair.schema, existing);
  const foreign = tables.filter(({ kind, name }) => kind === 'foreign' && existing.includes(name));
  const faults = new Map<string, string>([
    ...missing.map((name): [string, string] => [name, `is not in schema "${pair.schema}"${meant(name, all)}`]),
    ...foreign.map(({ name, reason }): [string, string] => [name, `is ${reason ?? ''}`]),
    ...(await unfit(tables.filter(({ kind }) => kind === 'table'))),
  ]);
  if (faults.size > 0) refuse(pair, faults, missing, purpose);
  return tables;
}

function meant(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

function refuse(pair: Pair, faults: ReadonlyMap<string, string>, missing: readonly string[], purpose: string): never {
  const described = [...faults].map(([name, reason]) => `"${name}" ${reason}`);
  const spelling =
    missing.length === 0 ? '' : ' In names upper and lower case count; quotes and the schema do not belong to them.';
  throw new RefusedError(
    `${String(faults.size)} of the tables named cannot be ${purpose} from the ${pair.src.toString()}: ${described.join('; ')}`,
    {
      hint: `Nothing was done. Leave them out of --table, and run the command again.${spelling}`,
      detail: { side: 'src', schema: pair.schema, missing, tables: Object.fromEntries(faults) },
    },
  );
}
