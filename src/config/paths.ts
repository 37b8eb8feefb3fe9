import { join } from 'node:path';

/** The folder of all configs, within a migration project folder. */
export const CONFIGS = 'configs';

/** The folder of what says how to fetch configs, within a migration project folder. */
export const REMOTE_CONFIGS = 'remote-configs';

/** The path of a database's config as messages show it: from the project folder. */
export function configFile(dc: string, db: string): string {
  return `${CONFIGS}/${dc}/${db}/config.json`;
}

/** The path of a database's config. */
export function configPath(cwd: string, dc: string, db: string): string {
  return join(cwd, CONFIGS, dc, db, 'config.json');
}

/** The path of a database's remote config as messages show it. */
export function remoteFile(dc: string, db: string): string {
  return `${REMOTE_CONFIGS}/${dc}/${db}/config.json`;
}

/** The path of a database's remote config. */
export function remotePath(cwd: string, dc: string, db: string): string {
  return join(cwd, REMOTE_CONFIGS, dc, db, 'config.json');
}
