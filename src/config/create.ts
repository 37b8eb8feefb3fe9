import { randomBytes } from 'node:crypto';
import { constants, copyFile, link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../errors.js';
import { errorCode } from './read.js';

/**
 * Puts a new config in place, readable by its owner only, and makes its folders. Whoever looks sees the whole file or
 * none, and one that is there already is never replaced: it may hold the names of roles that lost their logins.
 * @param path where it shall be
 * @param shown its path as messages show it
 * @returns whether it was put there; false when there is one already
 * @throws ConfigError when it cannot be written
 */
export async function createConfigFile(path: string, text: string, shown: string): Promise<boolean> {
  const folder = dirname(path);
  const draft = join(folder, `.config.json.${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(draft, path);
    await flushFolder(folder);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && (error as NodeJS.ErrnoException).syscall !== 'mkdir') return false;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`cannot write ${shown}: ${reason}`, {
      hint: 'Let belt write to that folder, and run the command again.',
      detail: { file: shown, code: errorCode(error) },
      cause: error,
    });
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** Gives the draft its name, unless there is a file of that name. */
async function place(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw error;
    // Some file systems have no links.
    await copyFile(draft, path, constants.COPYFILE_EXCL);
  }
}

/** Flushes a folder: the name of a new file is an entry in it, which a power cut must not lose. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
