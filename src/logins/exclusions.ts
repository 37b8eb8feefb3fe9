import type { Pair } from '../pair/pair.js';
import type { Side } from '../pair/side.js';

/** Roles whose LOGIN belt leaves alone, by name and by LIKE pattern. */
export interface Exclusions {
  readonly users: readonly string[];
  readonly patterns: readonly string[];
}

/** Roles of the server itself, of Amazon RDS, and of monitoring. In patterns `\` makes `_` mean itself. */
const ALWAYS: Exclusions = {
  users: ['postgres', 'rdsadmin', 'datadog', 'monitoring'],
  patterns: ['rds%', 'pg\\_%'],
};

export interface ExclusionOptions {
  readonly excludeUser: readonly string[];
  readonly excludePattern: readonly string[];
}

const NO_OPTIONS: ExclusionOptions = { excludeUser: [], excludePattern: [] };

/** What is excluded on a side: belt's own roles, the server's, the config's, and those of the command line. */
export function exclusionsFor(pair: Pair, options: ExclusionOptions = NO_OPTIONS, side: Side = pair.src): Exclusions {
  const { root_user, pglogical_user } = side.config;
  return {
    users: [root_user.name, pglogical_user.name, ...ALWAYS.users, ...pair.config.exclude_users, ...options.excludeUser],
    patterns: [...ALWAYS.patterns, ...pair.config.exclude_patterns, ...options.excludePattern],
  };
}

/** The server's own roles that `belt connections` does not count. */
const SERVER_ROLES = ['postgres', 'rdsadmin'];

/** Whose sessions on a side do not count: the server's, those of replication, the config's, the command line's. */
export function uncountedOn(pair: Pair, side: Side, options: ExclusionOptions): Exclusions {
  return {
    users: [...SERVER_ROLES, side.config.pglogical_user.name, ...pair.config.exclude_users, ...options.excludeUser],
    patterns: [...pair.config.exclude_patterns, ...options.excludePattern],
  };
}
