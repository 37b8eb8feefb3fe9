import { RefusedError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { RACE_ATTEMPTS, ROLE_RACES } from '../pglogical/role.js';
import { absentRoles } from '../postgres/catalog/grants.js';
import type { NamedRole } from '../postgres/catalog/named-roles.js';
import { ident } from '../postgres/quote.js';
import { retryOn } from '../postgres/retry.js';
import type { Session } from '../postgres/session.js';
import { sourceOrigin, type SchemaOrigin } from './origin.js';
import { planRoles, reserved, type RolePlan } from './role-plan.js';

export interface MissingRole extends NamedRole {
  /** The statement that makes it. A password has to be set by hand. */
  readonly statement: string;
}

/** Roles that the schema's objects, privileges and policies name on the source and that the destination does not have. */
export async function missingGrantRoles(pair: Pair, origin: SchemaOrigin = sourceOrigin(pair)): Promise<MissingRole[]> {
  const [named, dst, owner] = await Promise.all([origin.roles(), pair.dst.root(), origin.owner()]);
  const names = named.map(({ role }) => role);
  const absent = new Set(await absentRoles(dst, names));
  const own = beltsOwn(pair, owner);
  return named
    .filter(({ role }) => absent.has(role) && !own.includes(role) && !reserved(role))
    .map((one) => ({ ...one, statement: `CREATE ROLE ${ident(one.role)} ${one.canLogin ? 'LOGIN' : 'NOLOGIN'};` }));
}

/** Roles that are not carried: the destination's owner takes the place of the source's, and pglogical's is belt's own. */
function beltsOwn(pair: Pair, owner: string): string[] {
  return [owner, ...ignoredRoles(pair)];
}

/** Whose privileges are not the schema's: the roles by which belt replicates. */
export function ignoredRoles(pair: Pair): string[] {
  const sides = [...(pair.hasSrc ? [pair.src] : []), ...(pair.hasDst ? [pair.dst] : [])];
  return sides.flatMap(({ config: { pglogical_user, root_user, owner_user } }) =>
    [root_user.name, owner_user.name].includes(pglogical_user.name) ? [] : [pglogical_user.name],
  );
}

/** What a role of the source is called on the destination; null where it has none of that name. */
export async function roleNames(pair: Pair, origin: SchemaOrigin): Promise<(name: string) => string | null> {
  const owner = await origin.owner();
  const there = new Set((await rolesOf(await pair.dst.root())).map(({ role }) => role));
  return (name) => (name === owner ? pair.dst.config.owner_user.name : there.has(name) ? name : null);
}

async function rolesOf(session: Session): Promise<{ role: string; superuser: boolean }[]> {
  return session.query('SELECT rolname AS role, rolsuper AS superuser FROM pg_roles');
}

export interface RoleDemand {
  readonly origin: SchemaOrigin;
  /** Whether belt makes the roles that are missing. */
  readonly create: boolean;
}

/**
 * What becomes of what names roles that the destination lacks.
 * @returns a sentence, or undefined when none is missing
 * @throws RefusedError with the statements to run where the schema cannot be loaded without them
 */
export async function requireGrantRoles(
  pair: Pair,
  { origin, create }: RoleDemand = { origin: sourceOrigin(pair), create: false },
): Promise<string | undefined> {
  const missing = await missingGrantRoles(pair, origin);
  if (missing.length === 0 || create) return undefined;
  // A file's own GRANTs name them all.
  const needed = (await origin.privileges()) === null ? missing : missing.filter(({ inPolicy }) => inPolicy);
  if (needed.length > 0) {
    const names = needed.map(({ role, usedBy }) => `"${role}" (${usedBy[0] ?? ''})`).join(', ');
    throw new RefusedError(
      `the ${pair.dst.toString()} lacks roles without which ${pair.schemaWords} cannot be loaded: ${names}`,
      {
        hint: `Let belt make them, without LOGIN (--create-roles), or create them on the destination server and run the same command again:\n${needed.map((one) => one.statement).join('\n')}`,
        detail: { side: 'dst', roles: needed.map(({ role }) => role), statements: needed.map((one) => one.statement) },
      },
    );
  }
  return `LEFT OUT, as the destination lacks the roles (--create-roles makes them): ${missing.map(leftOut).join('; ')}`;
}

function leftOut({ role, owns, usedBy }: MissingRole): string {
  return owns ? `"${role}" as an owner (${usedBy.join(', ')})` : `grants to "${role}" (${usedBy.join(', ')})`;
}

/** How the missing roles would be made. */
export async function missingRolesPlan(pair: Pair, origin: SchemaOrigin): Promise<RolePlan> {
  const missing = await missingGrantRoles(pair, origin);
  if (missing.length === 0) return { roles: [], statements: [], left: [] };
  const dst = await pair.dst.root();
  const roles = new Map((await rolesOf(dst)).map(({ role, superuser }) => [role, { superuser }]));
  const own = beltsOwn(pair, await origin.owner());
  return planRoles(missing, await origin.roleGraph(), { major: dst.major, roles, own });
}

/** Makes the missing roles. Another belt, at work on another database of the server, may be doing the same. */
export async function createMissingRoles(pair: Pair, origin: SchemaOrigin): Promise<RolePlan> {
  const dst = await pair.dst.root();
  return retryOn(ROLE_RACES, RACE_ATTEMPTS, async () => {
    const plan = await missingRolesPlan(pair, origin);
    await dst.transaction(async () => {
      for (const statement of plan.statements) await dst.query(statement);
    });
    return plan;
  });
}
