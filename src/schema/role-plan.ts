import type { Membership, NamedRole, RoleFacts } from '../postgres/catalog/named-roles.js';
import { ident } from '../postgres/quote.js';

/** What the source says of roles, besides those that the schema names. */
export interface RoleGraph {
  readonly memberships: readonly Membership[];
  /** Roles that memberships lead to. */
  readonly others: readonly RoleFacts[];
}

/** How missing roles come to the destination. */
export interface RolePlan {
  /** Those named and those whose members they are. */
  readonly roles: readonly string[];
  /** In order. */
  readonly statements: readonly string[];
  /** What the roles have on the source and do not get, a sentence each. */
  readonly left: readonly string[];
}

export interface RoleDestination {
  readonly major: number;
  /** Its roles, and whether they are superusers. */
  readonly roles: ReadonlyMap<string, { readonly superuser: boolean }>;
  /** Roles that belt is at work with: nobody becomes a member of them. */
  readonly own: readonly string[];
}

/** Names that only the server itself, or its provider, may give. */
export const reserved = (name: string): boolean => /^(pg_|rds)/.test(name);

/**
 * Roles are made without LOGIN, password and powers, with their memberships among themselves and with roles that the
 * destination has; a group that is missing is made, too.
 */
export function planRoles(
  missing: readonly Pick<NamedRole, 'role' | 'inherit' | 'powers'>[],
  { memberships, others }: RoleGraph,
  destination: RoleDestination,
): RolePlan {
  const facts = new Map([...others, ...missing].map((one) => [one.role, one]));
  const made = groupsFirst(
    missing.map(({ role }) => role),
    memberships,
    (name) => facts.has(name) && !destination.roles.has(name) && !reserved(name) && !destination.own.includes(name),
  );
  const fresh = new Set(made);
  const there = (name: string): boolean => fresh.has(name) || destination.roles.has(name);
  const left: string[] = [];
  const statements = made.map((role) => {
    const { inherit = true, powers = [] } = facts.get(role) ?? {};
    if (powers.length > 0) left.push(`"${role}" is ${powers.join(', ')} on the source, and is not here`);
    return `CREATE ROLE ${ident(role)} NOLOGIN${inherit ? '' : ' NOINHERIT'}`;
  });
  for (const membership of memberships) {
    const { group, member } = membership;
    if (!(fresh.has(group) || fresh.has(member)) || !there(group) || !there(member)) continue;
    if (destination.own.includes(member)) continue;
    if (reserved(group) || destination.roles.get(group)?.superuser === true || destination.own.includes(group)) {
      left.push(`"${member}" is a member of "${group}" on the source, and is not here`);
      continue;
    }
    const inherit = membership.inherit ?? facts.get(member)?.inherit ?? true;
    const set = membership.set ?? true;
    const admin = membership.admin;
    statements.push(`GRANT ${ident(group)} TO ${ident(member)}${options(destination.major, { admin, inherit, set })}`);
    if (destination.major < 16 && (!set || inherit !== (facts.get(member)?.inherit ?? true))) {
      left.push(
        `"${member}" has "${group}" on the source with INHERIT ${word(inherit)}, SET ${word(set)}, which PostgreSQL ${destination.major} does not know`,
      );
    }
  }
  return { roles: made, statements, left };
}

/** Before PostgreSQL 16 a membership has no options but one. */
function options(major: number, { admin, inherit, set }: { admin: boolean; inherit: boolean; set: boolean }): string {
  if (major < 16) return admin ? ' WITH ADMIN OPTION' : '';
  return ` WITH ADMIN ${word(admin)}, INHERIT ${word(inherit)}, SET ${word(set)}`;
}

function word(value: boolean): string {
  return value ? 'TRUE' : 'FALSE';
}

/** The part of a graph that has to do with some roles: their groups, and who is a member of any of these. */
export function reachable(names: readonly string[], { memberships, others }: RoleGraph): RoleGraph {
  const within = new Set(groupsFirst(names, memberships, () => true));
  const kept = memberships.filter(({ group, member }) => within.has(group) || within.has(member));
  const mentioned = new Set(kept.flatMap(({ group, member }) => [group, member]));
  return { memberships: kept, others: others.filter(({ role }) => mentioned.has(role)) };
}

/** The names and all groups above them that pass. */
function groupsFirst(
  names: readonly string[],
  memberships: readonly Membership[],
  pass: (name: string) => boolean,
): string[] {
  const found: string[] = [];
  const visit = (name: string): void => {
    if (found.includes(name) || !pass(name)) return;
    found.push(name);
    for (const { group, member } of memberships) if (member === name) visit(group);
  };
  for (const name of names) visit(name);
  return found;
}
