import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'jsonc-parser';
import writeFileAtomic from 'write-file-atomic';
import { ConfigError, type SideName } from '../errors.js';
import { flushFolder } from './create.js';
import { withOtherUsers } from './edit.js';
import { readConfigText } from './read.js';

/**
 * Adds roles to `other_users` of a side, keeping those that are there, all comments and the layout. When this returns,
 * the names are on disk: the file was replaced as a whole and flushed, so that not even a power cut loses it.
 * @param path the config file; it is read anew, so that what was edited meanwhile is kept
 * @param names the roles; those that are there already stay as they are
 * @throws ConfigError when the file cannot be read, edited or written; it is then as it was
 */
export async function saveOtherUsers(path: string, side: SideName, names: readonly string[]): Promise<void> {
  const { text, mode } = await readConfigText(path, path);
  const edited = withOtherUsers(text, side, names);
  if (edited === undefined || !onlyAdds(text, edited, side, names)) {
    throw new ConfigError(`cannot add to ${side}.other_users in ${path}: the file is not as it was when belt read it`, {
      hint: 'Put the file right and run the command again.',
      detail: { file: path, side },
    });
  }
  if (edited === text) return;
  try {
    await writeFileAtomic(path, edited, { mode, fsync: true });
    await flushFolder(dirname(await realpath(path)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`cannot write the names of roles to ${path}: ${reason}`, {
      hint: 'belt replaces the file, so it must be able to write to its folder. Put this right and run the command again.',
      detail: { file: path, side },
      cause: error,
    });
  }
}

/** Proves that the new text says the same as the old, but for the roles that were added. */
function onlyAdds(before: string, after: string, side: SideName, names: readonly string[]): boolean {
  const read = (text: string): Config =>
    parse(text.replace(/^\uFEFF/, ' '), [], { allowTrailingComma: true }) as Config;
  const [old, now] = [read(before), read(after)];
  const users = [...(old[side].other_users ?? [])];
  for (const name of names) if (!users.some((user) => user.name === name)) users.push({ name, pw: null });
  const added = now[side].other_users ?? [];
  const expected = { ...old, [side]: { ...old[side], other_users: users } };
  return isDeepStrictEqual({ ...now, [side]: { ...now[side], other_users: added } }, expected);
}

type Config = Record<SideName, { other_users?: { name: string; pw: unknown }[] | null }>;
