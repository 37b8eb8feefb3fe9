import type { Pair } from '../pair/pair.js';
import { extensionsOf, type Extension } from '../postgres/catalog/extensions.js';
import {
  defaultPrivileges,
  rolesInGrants,
  schemaFacts,
  type DefaultPrivilege,
  type NamedRole,
  type SchemaFacts,
} from '../postgres/catalog/grants.js';
import { schemaObjects, type SchemaObjects } from '../postgres/catalog/schema-objects.js';
import type { Session } from '../postgres/session.js';

/** What has to be known of the schemas that the destination gets: the source's catalog says it, or an earlier dump. */
export interface SchemaOrigin {
  /** The role that owns it on the source; the destination's owner takes its place. */
  owner(): Promise<string>;
  objects(): Promise<SchemaObjects>;
  roles(): Promise<readonly NamedRole[]>;
  extensions(): Promise<readonly Extension[]>;
  /** A schema of the source by its name: one that moves, or one of an extension. */
  schema(name: string): Promise<SchemaFacts | null>;
  /** Those within a schema. */
  defaultPrivileges(schema: string): Promise<readonly DefaultPrivilege[]>;
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
    roles: async () => rolesInGrants(await session(), await pair.schemas()),
    extensions: async () => extensionsOf(await session()),
    schema: async (name) => schemaFacts(await session(), name),
    defaultPrivileges: async (name) => defaultPrivileges(await session(), name),
    edited: () => Promise.resolve(false),
  };
}
