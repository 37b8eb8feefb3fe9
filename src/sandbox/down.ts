import { rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from '../errors.js';
import { removeServerHome } from './folders.js';
import { Server } from './servers.js';
import { readState, statePath, type SandboxState } from './state.js';
import type { SandboxOptions } from './up.js';

/**
 * Stops the servers of the sandbox in a folder, and removes all that `up` made and belt wrote for it. Other files stay.
 * @throws ConfigError when there is no sandbox in the folder
 */
export async function sandboxDown({ dir, environment, note }: SandboxOptions): Promise<void> {
  const folder = resolve(environment.cwd, dir);
  const state = await readState(folder);
  if (state === undefined) {
    throw new ConfigError(`there is no sandbox in ${folder}`, {
      hint: 'Name the folder that was given to "belt sandbox up" with --dir.',
    });
  }
  note('stopping the servers');
  await removeSandbox(folder, state);
}

/** Removes what the state tells of, whether it is whole or half made. */
export async function removeSandbox(folder: string, state: SandboxState): Promise<void> {
  await Promise.all(state.servers.map((server) => new Server(server).remove()));
  await removeServerHome(state.home);
  for (const kind of ['configs', 'logs', 'schemas']) {
    // Only the sandbox's own database: the folder may be a real project's too.
    await rm(join(folder, kind, 'sandbox', 'shop'), { recursive: true, force: true });
    await removeIfEmpty(join(folder, kind, 'sandbox'));
    await removeIfEmpty(join(folder, kind));
  }
  // Last: as long as something is left, `down` can be run again.
  await rm(statePath(folder), { force: true });
  if (state.made_folder) await removeIfEmpty(folder);
}

async function removeIfEmpty(folder: string): Promise<void> {
  // Not there, or with other files in it: both are fine.
  await rmdir(folder).catch(() => undefined);
}
