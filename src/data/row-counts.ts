import type { Table } from '../postgres/catalog/tables.js';
import { qualified } from '../postgres/quote.js';
import type { Label } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';

/** Sub-selects in one statement: enough to save round trips, few enough to be planned quickly. */
const BATCH = 300;

type NamedTable = Pick<Table, 'schema' | 'name' | 'label'>;

/** The labels of the tables that hold at least one row. */
export async function readNonEmpty(session: Session, tables: readonly NamedTable[]): Promise<Set<Label>> {
  const rows = await perTable<{ place: number; filled: boolean }>(
    session,
    tables,
    (table, place) => `SELECT ${place} AS place, EXISTS (SELECT FROM ONLY ${table}) AS filled`,
  );
  return new Set(rows.flatMap(({ place, filled }) => (filled ? (tables[place]?.label ?? []) : [])));
}

/** Counts the rows of each table exactly, by label. Takes as long as the tables are large. */
export async function countRows(session: Session, tables: readonly NamedTable[]): Promise<Map<Label, number>> {
  const rows = await perTable<{ place: number; rows: string }>(
    session,
    tables,
    (table, place) => `SELECT ${place} AS place, (SELECT count(*) FROM ONLY ${table}) AS rows`,
  );
  return new Map(
    rows.flatMap(({ place, rows: count }): [Label, number][] => {
      const table = tables[place];
      return table === undefined ? [] : [[table.label, Number(count)]];
    }),
  );
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
