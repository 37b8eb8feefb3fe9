import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../errors.js';
import { nearest } from '../nearest.js';
import { CONFIGS, REMOTE_CONFIGS } from './paths.js';
import { errorCode } from './read.js';

/**
 * The datacenters of a migration project folder, sorted: those of configs and those of remote-configs.
 * @throws ConfigError when there is no folder of configs, or it may not be read
 */
export async function listDatacenters(cwd: string): Promise<string[]> {
  return (await listRoots(cwd)).datacenters;
}

/**
 * The databases of a datacenter, sorted: every folder in it, in configs and in remote-configs, whether its config is
 * well or not, so that none is overlooked.
 * @throws ConfigError when there is no such datacenter; the message names those that there are
 */
export async function listDatabases(cwd: string, dc: string): Promise<string[]> {
  const { roots, datacenters } = await listRoots(cwd);
  if (!datacenters.includes(dc)) missing('datacenter', dc, roots, datacenters);
  const found = await Promise.all(roots.map((root) => folders(join(cwd, root, dc), `${root}/${dc}`)));
  return union(found);
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
  if (db !== undefined) {
    const { roots } = await listRoots(cwd);
    return missing(
      'database',
      db,
      roots.map((root) => `${root}/${dc}`),
      databases,
    );
  }
  throw new ConfigError(`datacenter "${dc}" has no databases: ${CONFIGS}/${dc} holds no folder`, {
    hint: `belt init ${dc} DATABASE writes ${CONFIGS}/${dc}/DATABASE/config.json; configs.example shows how it looks.`,
    detail: { dc },
  });
}

/** The folders in which datacenters stand, as far as they are there, and the datacenters. */
async function listRoots(cwd: string): Promise<{ roots: string[]; datacenters: string[] }> {
  const found = await Promise.all(
    [CONFIGS, REMOTE_CONFIGS].map(async (root) => ({ root, names: await folders(join(cwd, root), root) })),
  );
  const roots = found.filter(({ names }) => names !== undefined).map(({ root }) => root);
  if (roots.length > 0) return { roots, datacenters: union(found.map(({ names }) => names)) };
  const project = await projectAbove(cwd);
  throw new ConfigError(`there is no folder "${CONFIGS}" in ${cwd}`, {
    hint:
      project === undefined
        ? `Run belt in a migration project folder: one that holds ${CONFIGS}/DATACENTER/DATABASE/config.json.`
        : `Run belt in ${project}, which has one.`,
    detail: { cwd },
  });
}

function union(lists: readonly (readonly string[] | undefined)[]): string[] {
  return [...new Set(lists.flatMap((names) => names ?? []))].sort();
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
    for (const root of [CONFIGS, REMOTE_CONFIGS]) if (await isFolder(join(path, root))) return path;
  }
  return undefined;
}

const SHOWN_AT_MOST = 30;

function missing(
  kind: 'datacenter' | 'database',
  name: string,
  places: readonly string[],
  existing: readonly string[],
): never {
  const meant = nearest(name, existing);
  const guess = meant === undefined ? '' : `; did you mean "${meant}"?`;
  const more = existing.length > SHOWN_AT_MOST ? ` and ${String(existing.length - SHOWN_AT_MOST)} more` : '';
  const names = existing.slice(0, SHOWN_AT_MOST).join(', ');
  const where = places.join(' or ');
  throw new ConfigError(`there is no ${kind} "${name}" in ${where}${guess}`, {
    hint: existing.length === 0 ? `${where} holds no folder yet.` : `There are: ${names}${more}.`,
    detail: { [kind]: name, existing, ...(meant === undefined ? {} : { nearest: meant }) },
  });
}
