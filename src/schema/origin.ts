import type { Pair } from '../pair/pair.js';
import { extensionsOf, type Extension } from '../postgres/catalog/extensions.js';
import { defaultPrivileges, schemaFacts, type DefaultPrivilege, type SchemaFacts } from '../postgres/catalog/grants.js';
import { memberships, namedRoles, roleFacts, type NamedRole } from '../postgres/catalog/named-roles.js';
import { globalDefaults, objectPrivileges, type ObjectPrivileges } from '../postgres/catalog/object-privileges.js';
import { ownedObjects, type OwnedObject } from '../postgres/catalog/owned-objects.js';
import { schemaObjects, type SchemaObjects } from '../postgres/catalog/schema-objects.js';
import type { Session } from '../postgres/session.js';
import { reachable, type RoleGraph } from './role-plan.js';

/** What has to be known of the schemas that the destination gets: the source's catalog says it, or an earlier dump. */
export interface SchemaOrigin {
  /** The role that owns it on the source; the destination's owner takes its place. */
  owner(): Promise<string>;
  objects(): Promise<SchemaObjects>;
  roles(): Promise<readonly NamedRole[]>;
  /** Who is a member of whom. */
  roleGraph(): Promise<RoleGraph>;
  /** Who owns what; null where the load itself sees to that, or it is not known. */
  owned(): Promise<readonly OwnedObject[] | null>;
  /** Who may do what; null where the load itself sees to that. */
  privileges(): Promise<readonly ObjectPrivileges[] | null>;
  extensions(): Promise<readonly Extension[]>;
  /** A schema of the source by its name: one that moves, or one of an extension. */
  schema(name: string): Promise<SchemaFacts | null>;
  /** Those within a schema. */
  defaultPrivileges(schema: string): Promise<readonly DefaultPrivilege[]>;
  /** Default privileges of the whole database. */
  globalDefaults(): Promise<readonly ObjectPrivileges[]>;
  /** Whether somebody may have taken objects out of it. */
  edited(): Promise<boolean>;
}

/** The source, as it is now. */
export function sourceOrigin(pair: Pair): SchemaOrigin {
  return catalogOrigin(pair, () => pair.src.root());
}

/** The source, as a session sees it. */
export function catalogOrigin(pair: Pair, session: () => Promise<Session>): SchemaOrigin {
  return {
    owner: () => Promise.resolve(pair.src.config.owner_user.name),
    objects: async () => schemaObjects(await session(), await pair.schemas()),
    roles: async () => namedRoles(await session(), (await pair.schemas()).names),
    roleGraph: async () => {
      const open = await session();
      const named = await namedRoles(open, (await pair.schemas()).names);
      return reachable(
        named.map(({ role }) => role),
        { memberships: await memberships(open), others: await roleFacts(open) },
      );
    },
    owned: async () => ownedObjects(await session(), (await pair.schemas()).names),
    privileges: async () => objectPrivileges(await session(), (await pair.schemas()).names),
    extensions: async () => extensionsOf(await session()),
    schema: async (name) => schemaFacts(await session(), name),
    globalDefaults: async () => globalDefaults(await session()),
    defaultPrivileges: async (name) => defaultPrivileges(await session(), name),
    edited: () => Promise.resolve(false),
  };
}
