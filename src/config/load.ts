import { isIP } from 'node:net';
import { ConfigError } from '../errors.js';
import { resolveTargets } from './discover.js';
import { parseConfig } from './parse.js';
import { configFile, configPath } from './paths.js';
import { readConfigText } from './read.js';
import type { DatabaseConfig } from './schema.js';

export interface LoadedConfig {
  readonly config: DatabaseConfig;
  /** Where the file is, for what must be written back to it. */
  readonly path: string;
  /** Sentences that the person should see; nothing that stops a command. */
  readonly warnings: readonly string[];
}

/**
 * Loads the config of one database.
 * @param cwd the migration project folder
 * @param variables the environment variables that `{"env": "NAME"}` may name
 * @throws ConfigError when there is no such database, or its file is missing, unreadable or wrong (all faults at once)
 */
export async function loadConfig(
  cwd: string,
  dc: string,
  db: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<LoadedConfig> {
  const path = configPath(cwd, dc, db);
  const file = configFile(dc, db);
  const { text, mode } = await readConfigText(path, file).catch(async (error: unknown) => {
    // When it is the folder that is not there, the person wants to know which folders are.
    if (error instanceof ConfigError && error.detail?.['code'] === 'ENOENT') await resolveTargets(cwd, dc, db);
    throw error;
  });
  const { config, plainPasswords } = parseConfig(text, { file, dc, db, variables });
  const exposed = plainPasswords && (mode & 0o077) !== 0;
  return {
    config,
    path,
    warnings: [...(exposed ? [exposedWarning(file, mode)] : []), ...addressWarnings(file, config)],
  };
}

function exposedWarning(file: string, mode: number): string {
  const argument = /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
  return `${file} holds passwords and is open to other users of this machine (mode ${mode.toString(8).padStart(4, '0')}): chmod 600 ${argument}`;
}

/** An `ip` that is none is looked over, for configs of old hold a host name there; a slip of the pen should not be. */
function addressWarnings(file: string, config: DatabaseConfig): string[] {
  return (['src', 'dst'] as const).flatMap((side) => {
    const ip = config[side]?.ip;
    if (ip === undefined || isIP(ip) !== 0) return [];
    return [`${file}: ${side}.ip ${JSON.stringify(ip)} is not an IP address, so belt goes by ${side}.host`];
  });
}
