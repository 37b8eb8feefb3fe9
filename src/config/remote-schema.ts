import { findNodeAtLocation, type Node } from 'jsonc-parser';
import { z } from 'zod';
import type { SideName } from '../errors.js';
import type { Finding } from './check.js';
import { configSchema } from './schema.js';

/** What stands in remote-configs/DC/DB/config.json: who fetches the two sides, and all that is not about a side. */

const resolverPath = z
  .string({ error: 'wants the path of an ES module such as "./resolvers/aws.mjs", or the name of a package' })
  .nullish();
const resolverConfig = z
  .record(z.string(), z.unknown(), { error: 'wants an object, which the resolver gets as "config"' })
  .nullish();

const { $schema, schema_name, tables, sequences, exclude_users, exclude_patterns } = configSchema.shape;

export const remoteSchema = z.strictObject(
  {
    $schema,
    resolver_path: resolverPath,
    resolver_config: resolverConfig,
    src_resolver_path: resolverPath,
    src_resolver_config: resolverConfig,
    dst_resolver_path: resolverPath,
    dst_resolver_config: resolverConfig,
    schema_name,
    tables,
    sequences,
    exclude_users,
    exclude_patterns,
  },
  { error: 'wants an object with resolver_path, or with src_resolver_path and dst_resolver_path' },
);

export type RemoteConfig = z.output<typeof remoteSchema>;

/** Who fetches a side, and what he is told. */
export interface ResolverCall {
  /** The module, as the file names it. */
  readonly module: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Who fetches a side: its own resolver, or else the one for both. Its configuration is the common one, and the side's
 * own keys win.
 * @returns undefined when nobody does; the side is null then
 */
export function resolverOf(remote: RemoteConfig, side: SideName): ResolverCall | undefined {
  const module = filled(remote[`${side}_resolver_path`]) ?? filled(remote.resolver_path);
  if (module === undefined) return undefined;
  return { module, config: { ...remote.resolver_config, ...remote[`${side}_resolver_config`] } };
}

/** A file that names no resolver, or has a configuration for one that it does not name. */
export function resolverFindings(root: Node): Finding[] {
  if (root.type !== 'object') return [];
  const at = (key: string): unknown => findNodeAtLocation(root, [key])?.value;
  const named = (key: string): boolean => at(key) !== undefined && at(key) !== null && at(key) !== '';
  const paths = ['resolver_path', 'src_resolver_path', 'dst_resolver_path'] as const;
  if (!paths.some(named)) {
    const message = 'is missing, and so are src_resolver_path and dst_resolver_path: name who fetches what';
    return [{ path: ['resolver_path'], message, about: 'missing' }];
  }
  return (['src', 'dst'] as const).flatMap((side) => {
    const key = `${side}_resolver_config`;
    const given = findNodeAtLocation(root, [key])?.type === 'object';
    if (!given || named('resolver_path') || named(`${side}_resolver_path`)) return [];
    return [{ path: [key], message: `is for a resolver that is not named: add ${side}_resolver_path`, about: 'key' }];
  });
}

/** null and "" mean the same as leaving the key out. */
function filled(value: string | null | undefined): string | undefined {
  return value === null || value === '' ? undefined : value;
}
