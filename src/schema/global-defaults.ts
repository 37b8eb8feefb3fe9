import type { Pair } from '../pair/pair.js';
import { globalDefaults, type ObjectPrivileges } from '../postgres/catalog/object-privileges.js';
import { ident } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { ignoredRoles, roleNames } from './grant-roles.js';
import type { SchemaOrigin } from './origin.js';
import { privilegePlan } from './privilege-plan.js';

/** The roles whose default privileges a session may not change; precheck names them (default-privileges). */
export async function unspoken(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ role: string }>(
    `SELECT rolname AS role FROM pg_roles WHERE NOT pg_has_role(current_user, oid, 'USAGE')`,
  );
  return new Set(rows.map(({ role }) => role));
}

/**
 * The statements, for root on the destination, that make the default privileges of the whole database (those of ALTER
 * DEFAULT PRIVILEGES without IN SCHEMA) what they are on the source. Roles that the destination lacks are left out.
 */
export async function missingGlobalDefaults(pair: Pair, origin: SchemaOrigin): Promise<string[]> {
  const from = await origin.globalDefaults();
  if (from.length === 0) return [];
  const [role, ignored] = [await roleNames(pair, origin), ignoredRoles(pair)];
  const dst = await pair.dst.root();
  const silent = await unspoken(dst);
  const owners = [...new Set(from.map(({ owner }) => owner))].filter((name) => !ignored.includes(name));
  const known = owners.flatMap((name) => {
    const here = role(name);
    return here === null || silent.has(here) ? [] : [{ name, here }];
  });
  const to = await globalDefaults(
    dst,
    known.map(({ here }) => here),
  );
  return known.flatMap(({ name, here }) => {
    const of = (lists: readonly ObjectPrivileges[], owner: string) => lists.filter((one) => one.owner === owner);
    const context = { role, ignored, unknown: dst.major < 17 ? ['MAINTAIN'] : [], exact: false };
    return privilegePlan(of(from, name), of(to, here), context).map(
      ({ sql }) => `ALTER DEFAULT PRIVILEGES FOR ROLE ${ident(here)} ${sql}`,
    );
  });
}
