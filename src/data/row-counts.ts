import type { Table } from '../postgres/catalog/tables.js';
import { qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';

/** Sub-selects in one statement: enough to save round trips, few enough to be planned quickly. */
const BATCH = 300;

type NamedTable = Pick<Table, 'schema' | 'name'>;

/** The names of the tables that hold at least one row. */
export async function readNonEmpty(session: Session, tables: readonly NamedTable[]): Promise<Set<string>> {
  const rows = await perTable<{ place: number; filled: boolean }>(
    session,
    tables,
    (table, place) => `SELECT ${place} AS place, EXISTS (SELECT FROM ONLY ${table}) AS filled`,
  );
  return new Set(rows.flatMap(({ place, filled }) => (filled ? [tables[place]?.name ?? ''] : [])));
}

/** Counts the rows of each table exactly, by name. Takes as long as the tables are large. */
export async function countRows(session: Session, tables: readonly NamedTable[]): Promise<Map<string, number>> {
  const rows = await perTable<{ place: number; rows: string }>(
    session,
    tables,
    (table, place) => `SELECT ${place} AS place, (SELECT count(*) FROM ONLY ${table}) AS rows`,
  );
  return new Map(rows.map(({ place, rows: count }) => [tables[place]?.name ?? '', Number(count)]));
}

/** One sub-select for each table, many in a statement. `place` is the table's index, as text. */
async function perTable<Row extends object>(
  session: Session,
  tables: readonly NamedTable[],
  select: (table: string, place: string) => string,
): Promise<Row[]> {
  const selects = tables.map(({ schema, name }, place) => select(qualified(schema, name), String(place)));
  const rows: Row[] = [];
  for (let start = 0; start < selects.length; start += BATCH) {
    rows.push(...(await session.query<Row>(selects.slice(start, start + BATCH).join(' UNION ALL '))));
  }
  return rows;
}
