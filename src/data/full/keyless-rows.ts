import type { Session } from '../../postgres/session.js';
import type { Difference } from '../differences.js';
import { detailArrays } from '../keyed-rows.js';
import { fromTable } from '../row-text.js';
import type { FullTable, SideName } from './full-table.js';
import type { Hashing } from './hashing.js';
import type { SuspectRow } from './second-pass.js';

/** Columns by which a row without key is named. */
const NAMING_COLUMNS = 8;

interface Row extends SuspectRow {
  readonly values: readonly (string | null)[];
  readonly hashes: readonly (string | null)[];
}

/** Says how rows of a table without key differ: changed, missing on a side, or there another number of times. */
export async function describeRows(
  sessions: Readonly<Record<SideName, Session>>,
  table: FullTable,
  suspects: readonly SuspectRow[],
  hashing: Hashing,
): Promise<Difference[]> {
  const [src, dst] = await Promise.all([
    readRows(
      sessions.src,
      table,
      'src',
      suspects.filter((one) => one.src > 0),
      hashing,
    ),
    readRows(
      sessions.dst,
      table,
      'dst',
      suspects.filter((one) => one.src === 0),
      hashing,
    ),
  ]);
  const gone = src.filter((row) => row.dst === 0);
  const extra = dst.filter((row) => row.src > 0 || row.dst > 0);
  const differences: Difference[] = [];
  for (const row of gone) {
    const [like] = extra
      .map((other) => ({ other, columns: changedColumns(row, other) }))
      .filter(({ other, columns }) => other.dst === row.src && columns.length * 2 <= row.values.length)
      .sort((a, b) => a.columns.length - b.columns.length);
    if (like === undefined) {
      differences.push({ ...named(table, row), missingOn: 'dst', note: times(row) });
      continue;
    }
    extra.splice(extra.indexOf(like.other), 1);
    const columns = like.columns.map((place) => ({
      name: table.columns[place]?.name ?? '',
      src: row.values[place] ?? null,
      dst: like.other.values[place] ?? null,
    }));
    differences.push({ ...named(table, row), columns, note: 'compared with the row most like it' });
  }
  for (const row of src) if (row.dst > 0) differences.push({ ...named(table, row), note: times(row) });
  for (const row of extra) differences.push({ ...named(table, row), missingOn: 'src', note: times(row) });
  return differences;
}

function named(table: FullTable, { values }: Row): Difference {
  const columns = table.columns.slice(0, NAMING_COLUMNS);
  return {
    table: table.label,
    key: Object.fromEntries(columns.map(({ name }, place) => [name, values[place] ?? null])),
    missingOn: null,
    columns: [],
    note: null,
  };
}

function times({ src, dst }: SuspectRow): string {
  return `the row is ${count(src)} on the source, ${count(dst)} on the destination`;
}

function count(times: number): string {
  return times === 1 ? 'once' : `${String(times)} times`;
}

function changedColumns(a: Row, b: Row): number[] {
  return a.hashes.flatMap((hash, place) => (hash === b.hashes[place] ? [] : [place]));
}

/** One row of each hash, value by value. Reads the whole table. */
async function readRows(
  session: Session,
  table: FullTable,
  side: SideName,
  suspects: readonly SuspectRow[],
  hashing: Hashing,
): Promise<Row[]> {
  if (suspects.length === 0) return [];
  const { values, hashes } = detailArrays(
    't',
    table.columns.map(({ name }) => name),
  );
  const hash = hashing.row('t', table.columns);
  const rows = await session.query<{ hash: string } & Pick<Row, 'values' | 'hashes'>>(
    `SELECT DISTINCT ON (1) ${hash} AS hash, to_json(${values}) AS values, to_json(${hashes}) AS hashes
     FROM ${fromTable(table[side])} AS t WHERE ${hash} = ANY ($1::int8[])`,
    [suspects.map((one) => one.hash)],
  );
  const found = new Map(rows.map((row) => [row.hash, row]));
  return suspects.flatMap((one) => {
    const row = found.get(one.hash);
    return row === undefined ? [] : [{ ...one, values: row.values, hashes: row.hashes }];
  });
}
