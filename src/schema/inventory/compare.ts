import type { InventoryRow } from './read.js';

/** One thing in which the schemas of both sides are not the same. */
export interface Difference {
  /** `table`, `column`, `function`, ... */
  readonly kind: string;
  readonly object: string;
  /** `missing` on the destination, `extra` there, or there on both sides and `changed`. */
  readonly problem: 'missing' | 'extra' | 'changed';
  /** What defines it on the source, in lines; of a changed object, those that the destination's has not. Null: not there. */
  readonly src: string[] | null;
  readonly dst: string[] | null;
}

/** What stands for an owner that is the config's. */
const OWNER = '(owner)';

/**
 * Compares two inventories. Parts of an object that one side lacks are not told one by one.
 * @param full whether indexes and NOT VALID constraints that are made after the data count
 */
export function compareInventories(
  src: readonly InventoryRow[],
  dst: readonly InventoryRow[],
  { full }: { readonly full: boolean },
): Difference[] {
  const [allFrom, allTo] = [byKey(src), byKey(dst)];
  const wholes = [...missing(allFrom, allTo, 'schema'), ...missing(allTo, allFrom, 'schema')];
  if (wholes.length > 0) {
    const gone = new Set(wholes.map(({ schema }) => schema));
    const rest = (rows: readonly InventoryRow[]): InventoryRow[] =>
      rows.filter(({ schema }) => schema !== null && !gone.has(schema));
    const lacks = wholes.map((whole) => lack(whole, allFrom.has(key(whole)) ? 'missing' : 'extra'));
    return [...lacks, ...compareInventories(rest(src), rest(dst), { full })];
  }
  const [from, to] = [allFrom, allTo];
  // The source decides what waits: the destination may lack the foreign key that a unique index is for.
  const counts = (row: InventoryRow): boolean => full || !(from.get(key(row)) ?? row).deferred;
  const [lacking, extra] = [missing(from, to), missing(to, from)];
  const changed = src.flatMap((row) => {
    const other = to.get(key(row));
    return other === undefined || !counts(row) ? [] : changes(row, other);
  });
  return [
    ...withoutParts(lacking)
      .filter(counts)
      .map((row) => lack(row, 'missing')),
    ...withoutParts(extra)
      .filter(counts)
      .map((row) => lack(row, 'extra')),
    ...changed,
    ...reordered(src, dst),
  ];
}

function byKey(rows: readonly InventoryRow[]): Map<string, InventoryRow> {
  return new Map(rows.map((row) => [key(row), row]));
}

function key({ kind, object }: InventoryRow): string {
  return JSON.stringify([kind, object]);
}

function missing(
  rows: ReadonlyMap<string, InventoryRow>,
  others: ReadonlyMap<string, InventoryRow>,
  kind?: string,
): InventoryRow[] {
  return [...rows.values()].filter((row) => (kind ?? row.kind) === row.kind && !others.has(key(row)));
}

/** Relations and domains have names that no other of them has. */
function withoutParts(rows: readonly InventoryRow[]): InventoryRow[] {
  const wholes = new Set(rows.filter(({ parent }) => parent === null).map(({ object }) => object));
  return rows.filter(({ parent }) => parent === null || !wholes.has(parent));
}

function lack(row: InventoryRow, problem: 'missing' | 'extra'): Difference {
  const text = linesOf(row);
  return {
    kind: row.kind,
    object: row.object,
    problem,
    src: problem === 'missing' ? text : null,
    dst: problem === 'missing' ? null : text,
  };
}

function changes(src: InventoryRow, dst: InventoryRow): Difference[] {
  const [from, to] = [linesOf(src), linesOf(dst)];
  if (!sameOwner(src, dst)) {
    from.push(`owned by ${src.owner ?? ''}`);
    to.push(`owned by ${dst.owner ?? ''}`);
  }
  if (from.join('\n') === to.join('\n')) return [];
  const [removed, added] = [without(from, to), without(to, from)];
  // The same lines in another order are to be seen in full.
  const [left, right] = removed.length + added.length === 0 ? [from, to] : [removed, added];
  return [{ kind: src.kind, object: src.object, problem: 'changed', src: left, dst: right }];
}

/** belt gives everything to the destination's owner, so that is never wrong. */
function sameOwner(src: InventoryRow, dst: InventoryRow): boolean {
  return dst.owner === OWNER || src.owner === dst.owner;
}

function linesOf({ lines, query }: InventoryRow): string[] {
  return [...lines, ...(query === null ? [] : [query])].flatMap((text) => text.split('\n'));
}

/** The lines of one text that the other has not (as often). */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const there = new Map<string, number>();
  for (const line of others) there.set(line, (there.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = there.get(line) ?? 0;
    if (count > 0) there.set(line, count - 1);
    return count === 0;
  });
}

/** Tables whose columns are the same in another order: INSERT and SELECT * without names would mix them up. */
function reordered(src: readonly InventoryRow[], dst: readonly InventoryRow[]): Difference[] {
  const [from, to] = [columnOrder(src), columnOrder(dst)];
  return [...from].flatMap(([table, columns]) => {
    const others = to.get(table) ?? [];
    const [ours, theirs] = [
      columns.filter((one) => others.includes(one)),
      others.filter((one) => columns.includes(one)),
    ];
    if (ours.join('\n') === theirs.join('\n')) return [];
    return [
      {
        kind: 'order of columns',
        object: table,
        problem: 'changed' as const,
        src: [ours.join(', ')],
        dst: [theirs.join(', ')],
      },
    ];
  });
}

function columnOrder(rows: readonly InventoryRow[]): Map<string, string[]> {
  const columns = rows
    .filter(({ position, parent }) => position !== null && parent !== null)
    .sort((one, other) => (one.position ?? 0) - (other.position ?? 0));
  const order = new Map<string, string[]>();
  for (const { parent, object } of columns) order.set(parent ?? '', [...(order.get(parent ?? '') ?? []), object]);
  return order;
}
