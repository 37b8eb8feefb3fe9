import type { ObjectPrivileges, PrivilegeEntry } from '../postgres/catalog/object-privileges.js';
import { ident } from '../postgres/quote.js';

/** One GRANT or REVOKE. */
export interface PrivilegeStatement {
  readonly sql: string;
  /** The role that must say it, so that it counts as its grant; null for the object's owner. */
  readonly as: string | null;
}

export interface PrivilegeContext {
  /** What a role of the source is called on the destination; null where it has none of that name. */
  readonly role: (name: string) => string | null;
  /** Roles whose privileges are not the schema's: belt's own. */
  readonly ignored: readonly string[];
  /** Privileges that the destination's version does not know; they are left out. */
  readonly unknown: readonly string[];
  /** Whether others than PUBLIC and the owner lose what they have not on the source: only right after a load. */
  readonly exact: boolean;
}

/**
 * What makes the privileges of the destination's objects those of the source's. Objects that the destination lacks are
 * left alone, and so is what roles hold there that the source does not know of, unless it must be exact.
 */
export function privilegePlan(
  src: readonly ObjectPrivileges[],
  dst: readonly ObjectPrivileges[],
  context: PrivilegeContext,
): PrivilegeStatement[] {
  const there = new Map(dst.map((one) => [key(one), one]));
  const wanted = new Set(src.map(key));
  // A column's list is there only if somebody has granted something on it; the table tells whose it is.
  const owners = new Map(dst.map(({ object, owner }) => [object, owner]));
  return [
    ...src.flatMap((one) => {
      const owner = owners.get(one.object);
      const has = there.get(key(one));
      return owner === undefined
        ? []
        : statementsFor(one, owner, wantedOf(one, owner, context), hasOf(has, context), context);
    }),
    // Columns on which the source has granted nothing.
    ...dst
      .filter((one) => one.column !== null && !wanted.has(key(one)))
      .flatMap((one) => statementsFor(one, one.owner, [], hasOf(one, context), context)),
  ];
}

function key({ object, column }: ObjectPrivileges): string {
  return JSON.stringify([object, column]);
}

/** A source's list in the destination's names, with what cannot be there left out. */
function wantedOf(
  list: ObjectPrivileges,
  owner: string,
  { role, ignored, unknown }: PrivilegeContext,
): PrivilegeEntry[] {
  const here = (name: string): string | null =>
    name === list.owner ? owner : ignored.includes(name) ? null : role(name);
  const entries = list.entries.flatMap((entry) => {
    const grantee = entry.grantee === null ? null : here(entry.grantee);
    if ((grantee === null && entry.grantee !== null) || unknown.includes(entry.privilege)) return [];
    // Where the grantor is missing, the owner grants in its place. An owner needs no option to grant.
    const grantor = here(entry.grantor) ?? owner;
    return [{ ...entry, grantee, grantor, grantable: entry.grantable && grantee !== owner }];
  });
  // Two roles of the source may be one on the destination.
  return [...new Map(entries.map((one) => [entryKey(one), one])).values()];
}

function hasOf(list: ObjectPrivileges | undefined, { ignored }: PrivilegeContext): PrivilegeEntry[] {
  return (list?.entries ?? [])
    .filter(({ grantee }) => grantee === null || grantee === list?.owner || !ignored.includes(grantee))
    .map((one) => ({ ...one, grantable: one.grantable && one.grantee !== list?.owner }));
}

function statementsFor(
  { object, column }: ObjectPrivileges,
  owner: string,
  wanted: readonly PrivilegeEntry[],
  has: readonly PrivilegeEntry[],
  { exact }: PrivilegeContext,
): PrivilegeStatement[] {
  const [hasKeys, wantedKeys] = [new Set(has.map(entryKey)), new Set(wanted.map(entryKey))];
  // Came with PostgreSQL 17, where owners have it by nature.
  const counts = ({ grantee, privilege }: PrivilegeEntry): boolean => grantee !== owner || privilege !== 'MAINTAIN';
  const missing = wanted.filter((one) => counts(one) && !hasKeys.has(entryKey(one)));
  const extra = has.filter(
    (one) =>
      counts(one) &&
      !wantedKeys.has(entryKey(one)) &&
      // Of those that are only short of the right to pass it on, the rest need not be taken away first.
      !wantedKeys.has(entryKey({ ...one, grantable: true })) &&
      (exact || one.grantee === null || one.grantee === owner),
  );
  const write = (verb: 'GRANT' | 'REVOKE', entries: readonly PrivilegeEntry[]): PrivilegeStatement[] =>
    grouped(entries).map((group) => statement(verb, object, column, owner, group));
  return [...write('REVOKE', extra), ...write('GRANT', inOrder(missing, has, owner))];
}

function entryKey({ grantee, grantor, privilege, grantable }: PrivilegeEntry): string {
  return JSON.stringify([grantee, grantor, privilege, grantable]);
}

/** Who passes something on must have been given it before. */
function inOrder(missing: readonly PrivilegeEntry[], has: readonly PrivilegeEntry[], owner: string): PrivilegeEntry[] {
  const option = (who: string | null, { privilege }: PrivilegeEntry): string => JSON.stringify([who, privilege]);
  const may = new Set(has.filter(({ grantable }) => grantable).map((one) => option(one.grantee, one)));
  const ordered: PrivilegeEntry[] = [];
  let waiting = [...missing];
  while (waiting.length > 0) {
    const ready = waiting.filter((one) => one.grantor === owner || may.has(option(one.grantor, one)));
    // A list in which nobody has begun cannot be; the server would say so.
    const next = ready.length > 0 ? ready : waiting;
    for (const one of next) if (one.grantable) may.add(option(one.grantee, one));
    ordered.push(...next);
    waiting = waiting.filter((one) => !next.includes(one));
  }
  return ordered;
}

/** Entries that one statement can write, in the order in which their list has them. */
function grouped(entries: readonly PrivilegeEntry[]): (readonly [PrivilegeEntry, ...PrivilegeEntry[]])[] {
  const groups: [PrivilegeEntry, ...PrivilegeEntry[]][] = [];
  for (const one of entries) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    if (
      last !== undefined &&
      first?.grantee === one.grantee &&
      first.grantor === one.grantor &&
      first.grantable === one.grantable
    ) {
      last.push(one);
    } else {
      groups.push([one]);
    }
  }
  return groups;
}

function statement(
  verb: 'GRANT' | 'REVOKE',
  object: string,
  column: string | null,
  owner: string,
  group: readonly [PrivilegeEntry, ...PrivilegeEntry[]],
): PrivilegeStatement {
  const [{ grantee, grantor, grantable }] = group;
  const privileges = group.map(({ privilege }) => (column === null ? privilege : `${privilege} (${ident(column)})`));
  const who = grantee === null ? 'PUBLIC' : ident(grantee);
  const words = verb === 'GRANT' ? `TO ${who}${grantable ? ' WITH GRANT OPTION' : ''}` : `FROM ${who}`;
  return { sql: `${verb} ${privileges.join(', ')} ON ${object} ${words}`, as: grantor === owner ? null : grantor };
}
