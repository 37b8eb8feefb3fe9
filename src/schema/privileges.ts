import {
  defaultPrivileges,
  schemaFacts,
  type DefaultPrivilege,
  type SchemaPrivilege,
} from '../postgres/catalog/grants.js';
import { ident, literal } from '../postgres/quote.js';
import type { Pair } from '../pair/pair.js';
import { missingGlobalDefaults, unspoken } from './global-defaults.js';
import { ignoredRoles, roleNames } from './grant-roles.js';
import { sourceOrigin, type SchemaOrigin } from './origin.js';

/**
 * The statements, for root on the destination, that give the schemas themselves the source's comments, privileges and default
 * privileges. Empty when they have them all. The source's owner role stands for the destination's.
 */
export async function missingSchemaPrivileges(
  pair: Pair,
  origin: SchemaOrigin = sourceOrigin(pair),
): Promise<string[]> {
  const statements: string[] = [];
  for (const schema of (await pair.schemas()).names) statements.push(...(await missingIn(pair, origin, schema)));
  return [...statements, ...(await missingGlobalDefaults(pair, origin))];
}

async function missingIn(pair: Pair, origin: SchemaOrigin, schema: string): Promise<string[]> {
  const dst = await pair.dst.root();
  const [from, to, defaultsFrom, defaultsTo] = await Promise.all([
    origin.schema(schema),
    schemaFacts(dst, schema),
    origin.defaultPrivileges(schema),
    defaultPrivileges(dst, schema),
  ]);
  if (from === null) return [];
  const known = await roleNames(pair, origin);
  const silent = await unspoken(dst);
  const ours = ignoredRoles(pair);
  // What names a role that the destination lacks is left out: see requireGrantRoles().
  const has = (name: string | null): boolean => name === null || (known(name) !== null && !ours.includes(name));
  const role = (name: string): string => known(name) ?? name;
  const wanted = from.privileges
    .filter((one) => has(one.grantee))
    .map((one) => ({ ...one, grantee: one.grantee === null ? null : role(one.grantee) }))
    .filter(({ grantee }) => grantee === null || (grantee !== to?.owner && grantee !== role(from.owner)));
  const there = to?.privileges ?? [];
  const defaultsWanted = defaultsFrom
    .filter((one) => has(one.grantee) && has(one.role) && !silent.has(role(one.role)))
    .map((one) => ({
      ...one,
      role: role(one.role),
      grantee: one.grantee === null ? null : role(one.grantee),
    }));
  const name = ident(schema);
  return [
    ...(from.comment !== null && from.comment !== to?.comment
      ? [`COMMENT ON SCHEMA ${name} IS ${literal(from.comment)}`]
      : []),
    ...notIn(wanted, there).map((one) => `GRANT ${one.privilege} ON SCHEMA ${name} TO ${grantee(one)}`),
    // What everybody may do on the source no longer, they shall not do here either.
    ...notIn(
      there.filter((one) => one.grantee === null),
      wanted,
    ).map((one) => `REVOKE ${one.privilege} ON SCHEMA ${name} FROM PUBLIC`),
    ...notIn(defaultsWanted, defaultsTo).map(
      (one) =>
        `ALTER DEFAULT PRIVILEGES FOR ROLE ${ident(one.role)} IN SCHEMA ${name} ` +
        `GRANT ${one.privilege} ON ${one.objects} TO ${grantee(one)}`,
    ),
  ];
}

/** Runs missingSchemaPrivileges() in one transaction. @returns how many statements there were */
export async function applySchemaPrivileges(pair: Pair, origin: SchemaOrigin = sourceOrigin(pair)): Promise<number> {
  const statements = await missingSchemaPrivileges(pair, origin);
  const dst = await pair.dst.root();
  await dst.transaction(async () => {
    for (const statement of statements) await dst.query(statement);
  });
  return statements.length;
}

type Privilege = SchemaPrivilege | DefaultPrivilege;

function grantee({ grantee: name, grantable }: Privilege): string {
  return `${name === null ? 'PUBLIC' : ident(name)}${grantable ? ' WITH GRANT OPTION' : ''}`;
}

function notIn<T extends Privilege>(privileges: readonly T[], others: readonly T[]): T[] {
  const key = (one: T): string =>
    JSON.stringify([one.grantee, one.privilege, one.grantable, 'role' in one ? [one.role, one.objects] : null]);
  const there = new Set(others.map(key));
  return privileges.filter((one) => !there.has(key(one)));
}
