import { loadConfig } from './config/load.js';
import type { PairCommandSpec } from './commands/define.js';
import type { Environment } from './environment.js';
import { Pair, type PairOptions } from './pair/pair.js';
import { makeRedactor, type Redactor } from './redact.js';

/** One database's config, read and found fit for a command. */
export interface ReadPair {
  readonly warnings: readonly string[];
  /** Takes the config's secrets out of texts. */
  readonly redact: Redactor;
  /** Nothing is connected yet. @throws ConfigError when a side is missing that the command needs */
  readonly make: (options: Pick<PairOptions, 'dryRun' | 'events'>) => Pair;
}

/** @throws ConfigError when the config of the database is missing or wrong */
export async function readPair(
  spec: PairCommandSpec,
  dc: string,
  db: string,
  environment: Environment,
): Promise<ReadPair> {
  const { config, path, warnings } = await loadConfig(
    environment.cwd,
    dc,
    db,
    environment.variables,
    environment.signal,
  );
  return {
    warnings,
    redact: makeRedactor(config),
    make: (options) => {
      const pair = new Pair({ config, configPath: path, environment, command: spec.name, ...options });
      // Asked for before anything is opened, so that a missing one is told before work begins.
      if (spec.needs !== 'dst') pair.require('src');
      if (spec.needs !== 'src') pair.require('dst');
      return pair;
    },
  };
}
