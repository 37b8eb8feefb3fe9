import { randomBytes } from 'node:crypto';
import { constants, copyFile, link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findNodeAtLocation } from 'jsonc-parser';
import writeFileAtomic from 'write-file-atomic';
import { ConfigError, RefusedError } from '../errors.js';
import { errorCode, readConfigText } from './read.js';
import { readSyntax } from './syntax.js';

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
    throw unwritable(shown, error);
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

/**
 * Replaces a config, or puts a new one in place, readable by its owner only.
 * @param shown its path as messages show it
 * @throws RefusedError when the present one holds names of roles that lost their logins; ConfigError when it cannot be
 *   written
 */
export async function replaceConfigFile(path: string, text: string, shown: string): Promise<void> {
  const present = await readConfigText(path, shown).catch(() => undefined);
  const root = present === undefined ? undefined : readSyntax(present.text).root;
  const users = root === undefined ? undefined : findNodeAtLocation(root, ['src', 'other_users']);
  if ((users?.children ?? []).length > 0) {
    throw new RefusedError(`${shown} holds the names of roles that lost their logins, in src.other_users`, {
      hint: 'Give them back with belt restore-logins, or move the file away.',
      detail: { file: shown },
    });
  }
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, text, { mode: 0o600, fsync: true });
    await flushFolder(dirname(path));
  } catch (error) {
    throw unwritable(shown, error);
  }
}

function unwritable(shown: string, error: unknown): ConfigError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ConfigError(`cannot write ${shown}: ${reason}`, {
    hint: 'Let belt write to that folder, and run the command again.',
    detail: { file: shown, code: errorCode(error) },
    cause: error,
  });
}
