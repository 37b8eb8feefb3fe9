import { isIP } from 'node:net';
import { ConfigError } from '../errors.js';
import { createConfigFile } from './create.js';
import { resolveTargets } from './discover.js';
import { parseConfig } from './parse.js';
import { configFile, configPath } from './paths.js';
import { readConfigText, type ConfigText } from './read.js';
import type { RemoteRequest } from './remote.js';
import type { DatabaseConfig } from './schema.js';

export interface LoadedConfig {
  readonly config: DatabaseConfig;
  /** Where the file is, for what must be written back to it. */
  readonly path: string;
  /** Sentences that the person should see; nothing that stops a command. */
  readonly warnings: readonly string[];
}

/**
 * Loads the config of one database. One that stands in remote-configs only is fetched by its resolvers, and kept in
 * configs from then on.
 * @param cwd the migration project folder
 * @param variables the environment variables that `{"env": "NAME"}` may name
 * @param signal aborts a resolver at work
 * @throws ConfigError when there is no such database, or its file is missing, unreadable or wrong (all faults at once),
 *   or cannot be fetched; InterruptedError when the signal aborts
 */
export async function loadConfig(
  cwd: string,
  dc: string,
  db: string,
  variables: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<LoadedConfig> {
  const path = configPath(cwd, dc, db);
  const file = configFile(dc, db);
  let fetchedBy: string | undefined;
  const { text, mode } = await readConfigText(path, file).catch(async (missing: unknown): Promise<ConfigText> => {
    if (!isMissing(missing)) throw missing;
    // When it is the folder that is not there, the person wants to know which folders are.
    await resolveTargets(cwd, dc, db);
    fetchedBy = await fetchInto(path, { cwd, dc, db, variables, signal }, missing);
    return readConfigText(path, file);
  });
  const { config, plainPasswords } = parseConfig(text, { file, dc, db, variables });
  const exposed = plainPasswords && (mode & 0o077) !== 0;
  return {
    config,
    path,
    warnings: [
      ...(fetchedBy === undefined ? [] : [`${file} was fetched by ${fetchedBy}, and is kept until you delete it`]),
      ...(exposed ? [exposedWarning(file, mode)] : []),
      ...addressWarnings(file, config),
    ],
  };
}

function isMissing(error: unknown): error is ConfigError {
  return error instanceof ConfigError && error.detail?.['code'] === 'ENOENT';
}

/**
 * Has a config fetched and puts it in its place.
 * @param missing the error to throw when nobody is named to fetch it
 * @returns who fetched it; undefined when another belt was faster, whose file stays
 */
async function fetchInto(path: string, request: RemoteRequest, missing: ConfigError): Promise<string | undefined> {
  // The resolvers' code is loaded only where there is something to fetch.
  const { fetchConfig } = await import('./remote.js');
  const { text, by } = await fetchConfig(request).catch((error: unknown) => {
    throw isMissing(error) ? missing : error;
  });
  return (await createConfigFile(path, text, configFile(request.dc, request.db))) ? by : undefined;
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
