import { readNonEmpty } from './row-counts.js';
import { RefusedError } from '../errors.js';
import { patiently } from '../pair/patiently.js';
import type { Side } from '../pair/side.js';
import { readTables, type Table } from '../postgres/catalog/tables.js';
import type { Schemas } from '../postgres/schemas.js';

const MAX_NAMES = 10;

/**
 * Makes sure that the destination can take the initial copy: every table is there, has the key by which changes find
 * their rows, and is empty.
 * @param byBelt whether belt copies, and builds the keys that are missing when the rows are there
 * @throws RefusedError naming all the tables that are not so
 */
export async function checkCopyTarget(
  dst: Side,
  schemas: Schemas,
  tables: readonly Table[],
  { byBelt = false }: { byBelt?: boolean } = {},
): Promise<string> {
  const session = await dst.root();
  const there = new Map((await readTables(session, schemas, [])).map((table) => [table.label, table]));
  const missing = tables.filter(({ label }) => !there.has(label));
  refuse(
    dst,
    missing,
    'lacks tables that the source replicates',
    'Load the schema (belt setup without --no-schema), or create them.',
  );
  const keyless = byBelt ? [] : tables.filter(({ label }) => (there.get(label)?.identityColumns ?? null) === null);
  refuse(
    dst,
    keyless,
    'has no primary key (or replica identity) on tables that the source replicates',
    'Create those keys on the destination: without them updates cannot find their rows.',
  );
  const generated = tables.filter(({ label, columns }) => {
    const alike = new Set(columns.filter((column) => column.generated).map((column) => column.name));
    return there.get(label)?.columns.some((column) => column.generated && !alike.has(column.name)) === true;
  });
  refuse(
    dst,
    generated,
    'computes columns that the source does not (generated columns), which would crash its server',
    'Make those columns plain on the destination until the migration is over.',
  );
  const filled = await patiently(dst, { what: 'looking for rows', signal: undefined }, (patient) =>
    readNonEmpty(patient, tables),
  );
  refuse(
    dst,
    tables.filter(({ label }) => filled.has(label)),
    'has rows already in tables that are to be copied',
    'If the application has been started on the destination, those rows are its data: go no further. Else belt reset empties the tables; then run the same command again.',
  );
  return `${String(tables.length)} tables are there and empty`;
}

function refuse(dst: Side, tables: readonly Table[], what: string, hint: string): void {
  if (tables.length === 0) return;
  const names = tables.slice(0, MAX_NAMES).map(({ label }) => `"${label}"`);
  const more = tables.length > MAX_NAMES ? ` and ${String(tables.length - MAX_NAMES)} more` : '';
  throw new RefusedError(`the ${dst.toString()} ${what}: ${names.join(', ')}${more}`, {
    hint,
    detail: { side: 'dst', tables: tables.map(({ label }) => label) },
  });
}
