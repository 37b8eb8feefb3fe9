import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolError } from '../errors.js';
import { runServerTool, serverIdentity } from '../process/server-tools.js';
import type { ServerInstallation } from './installations.js';

/** A socket's path may have 107 bytes (103 on macOS): `<home>/<name>/socket/.s.PGSQL.12345`. */
const LONGEST_HOME = 60;

/**
 * Makes a fresh folder for servers, which belongs to the user they run as. Never inside the project: another user might
 * not be let in there, and servers must not lie under version control.
 * @param installation any server to be run there; its program proves that the user can enter
 * @throws ToolError when no folder for temporary files lets that user in
 */
export async function makeServerHome(installation: ServerInstallation): Promise<string> {
  const identity = await serverIdentity();
  // The folder named by TMPDIR may be private to root, or too long a path for a socket.
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    const home = await mkdtemp(join(parent, 'belt-servers-')).catch(() => undefined);
    if (home === undefined) continue;
    if (identity !== undefined) await chown(home, identity.uid, identity.gid);
    const usable =
      home.length <= LONGEST_HOME &&
      (await runServerTool(installation.bindir, 'postgres', ['--version'], {
        timeout: 10_000,
        identity,
        cwd: home,
      }).then(
        () => true,
        () => false,
      ));
    if (usable) return home;
    await rm(home, { recursive: true, force: true });
  }
  throw new ToolError('there is no folder for temporary files in which a PostgreSQL server could run', {
    hint: 'Set TMPDIR to a folder with a short path that the user who runs the server (postgres, when you are root) may enter.',
  });
}

/** Deletes the folder and what is left in it; the servers must have been stopped. */
export async function removeServerHome(home: string): Promise<void> {
  await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
