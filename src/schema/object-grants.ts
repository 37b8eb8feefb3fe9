import type { Pair } from '../pair/pair.js';
import { objectPrivileges } from '../postgres/catalog/object-privileges.js';
import { ident } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { ignoredRoles, roleNames } from './grant-roles.js';
import type { SchemaOrigin } from './origin.js';
import { privilegePlan, type PrivilegeStatement } from './privilege-plan.js';

/** How many statements go to the server at once. */
const BATCH = 100;

export interface MissingGrants {
  readonly statements: readonly PrivilegeStatement[];
  /** Whether none of the source's objects is there. */
  readonly nothingThere: boolean;
}

/**
 * What the destination's objects lack of the source's privileges. Null where they are not known.
 * @param exact whether what others hold besides is taken away, as right after a load
 */
export async function missingGrants(pair: Pair, origin: SchemaOrigin, exact: boolean): Promise<MissingGrants | null> {
  const from = await origin.privileges();
  if (from === null) return null;
  const session = await pair.dst.root();
  const to = await objectPrivileges(session, (await pair.schemas()).names, { allMembers: true });
  const there = new Set(to.map(({ object }) => object));
  return {
    statements: privilegePlan(from, to, {
      role: await roleNames(pair, origin),
      ignored: ignoredRoles(pair),
      unknown: session.major < 17 ? ['MAINTAIN'] : [],
      exact,
    }),
    nothingThere: from.length > 0 && !from.some(({ object }) => there.has(object)),
  };
}

/** @returns how many statements were run, and which could not be, as root may not speak for another role */
export async function applyGrants(
  pair: Pair,
  statements: readonly PrivilegeStatement[],
): Promise<{ applied: number; left: readonly string[] }> {
  const root = await pair.dst.root();
  const { superuser } = await root.one<{ superuser: boolean }>(
    'SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
  );
  // A root that is no superuser owns nothing here; the owner does, mostly.
  const session = superuser ? root : await pair.dst.owner();
  const possible = superuser ? statements : statements.filter(({ as }) => as === null);
  await session.transaction(() => runAll(session, possible));
  return {
    applied: possible.length,
    left: statements.filter((one) => !possible.includes(one)).map(({ sql, as }) => `${sql} (by "${as ?? ''}")`),
  };
}

async function runAll(session: Session, statements: readonly PrivilegeStatement[]): Promise<void> {
  for (let at = 0; at < statements.length; at += BATCH) {
    const batch = statements
      .slice(at, at + BATCH)
      .map(({ sql, as }) => (as === null ? sql : `SET LOCAL ROLE ${ident(as)}; ${sql}; RESET ROLE`));
    await session.query(batch.join(';\n'));
  }
}
