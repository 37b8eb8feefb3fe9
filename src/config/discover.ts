import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../errors.js';
import { nearest } from '../nearest.js';
import { CONFIGS } from './paths.js';
import { errorCode } from './read.js';

/**
 * The datacenters of a migration project folder, sorted.
 * @throws ConfigError when there is no folder of configs, or it may not be read
 */
export async function listDatacenters(cwd: string): Promise<string[]> {
  const found = await folders(join(cwd, CONFIGS), CONFIGS);
  if (found !== undefined) return found;
  const project = await projectAbove(cwd);
  throw new ConfigError(`there is no folder "${CONFIGS}" in ${cwd}`, {
    hint:
      project === undefined
        ? `Run belt in a migration project folder: one that holds ${CONFIGS}/DATACENTER/DATABASE/config.json.`
        : `Run belt in ${project}, which has one.`,
    detail: { cwd },
  });
}

/**
 * The databases of a datacenter, sorted: every folder in it, whether its config is well or not, so that none is
 * overlooked.
 * @throws ConfigError when there is no such datacenter; the message names those that there are
 */
export async function listDatabases(cwd: string, dc: string): Promise<string[]> {
  const datacenters = await listDatacenters(cwd);
  const found = datacenters.includes(dc) ? await folders(join(cwd, CONFIGS, dc), `${CONFIGS}/${dc}`) : undefined;
  return found ?? missing('datacenter', dc, CONFIGS, datacenters);
}

/**
 * The databases that a command works on. Only names: each config is loaded by itself, so that a bad one stops no other.
 * @param db undefined for all databases of the datacenter
 * @throws ConfigError when there is no such datacenter or database, or the datacenter is empty
 */
export async function resolveTargets(cwd: string, dc: string, db?: string): Promise<string[]> {
  const databases = await listDatabases(cwd, dc);
  if (db === undefined && databases.length > 0) return databases;
  if (db !== undefined && databases.includes(db)) return [db];
  if (db !== undefined) return missing('database', db, `${CONFIGS}/${dc}`, databases);
  throw new ConfigError(`datacenter "${dc}" has no databases: ${CONFIGS}/${dc} holds no folder`, {
    hint: `Write ${CONFIGS}/${dc}/DATABASE/config.json; configs.example shows how.`,
    detail: { dc },
  });
}

/** The names of the folders in a folder, sorted; undefined when it is not there. Hidden ones do not count. */
async function folders(path: string, shown: string): Promise<string[] | undefined> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const names = await Promise.all(
      entries.map(async (entry) => {
        if (entry.name.startsWith('.')) return [];
        const folder = entry.isSymbolicLink() ? await isFolder(join(path, entry.name)) : entry.isDirectory();
        return folder ? [entry.name] : [];
      }),
    );
    return names.flat().sort();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    const reasons: Readonly<Record<string, string>> = { EACCES: 'permission denied', ENOTDIR: 'it is not a folder' };
    const reason = reasons[code ?? ''] ?? (error instanceof Error ? error.message : String(error));
    throw new ConfigError(`the folder ${shown} cannot be read: ${reason}`, {
      hint: 'Put this right and run the command again.',
      detail: { folder: shown, code },
      cause: error,
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** The nearest folder above that has configs, for those who went too deep. */
async function projectAbove(cwd: string): Promise<string | undefined> {
  for (let path = cwd; path !== dirname(path);) {
    path = dirname(path);
    if (await isFolder(join(path, CONFIGS))) return path;
  }
  return undefined;
}

const SHOWN_AT_MOST = 30;

function missing(kind: 'datacenter' | 'database', name: string, folder: string, existing: readonly string[]): never {
  const meant = nearest(name, existing);
  const guess = meant === undefined ? '' : `; did you mean "${meant}"?`;
  const more = existing.length > SHOWN_AT_MOST ? ` and ${String(existing.length - SHOWN_AT_MOST)} more` : '';
  const names = existing.slice(0, SHOWN_AT_MOST).join(', ');
  throw new ConfigError(`there is no ${kind} "${name}" in ${folder}${guess}`, {
    hint: existing.length === 0 ? `${folder} holds no folder yet.` : `There are: ${names}${more}.`,
    detail: { [kind]: name, existing, ...(meant === undefined ? {} : { nearest: meant }) },
  });
}
