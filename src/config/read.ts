import { readFile, stat } from 'node:fs/promises';
import { ConfigError } from '../errors.js';

export interface ConfigText {
  /** With a byte order mark, where there is one. */
  readonly text: string;
  /** The permission bits. */
  readonly mode: number;
}

/**
 * Reads a config file.
 * @param path where it is
 * @param shown its path as messages show it
 * @throws ConfigError when it is missing, may not be read, is no file or no text; `detail.code` is the system's code
 */
export async function readConfigText(path: string, shown: string): Promise<ConfigText> {
  try {
    // Asked beforehand, for to open a pipe would wait for ever.
    const { mode, ...stats } = await stat(path).then((found) => ({
      mode: found.mode & 0o777,
      file: found.isFile(),
      folder: found.isDirectory(),
    }));
    if (stats.folder)
      throw new ConfigError(`${shown} is a folder, not a file`, {
        hint: 'Put a file in its place.',
        detail: { file: shown, code: 'EISDIR' },
      });
    if (!stats.file)
      throw new ConfigError(`${shown} is not a regular file`, {
        hint: 'Put a file in its place.',
        detail: { file: shown },
      });
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
    return { text, mode };
  } catch (error) {
    throw error instanceof ConfigError ? error : unreadable(shown, error);
  }
}

function unreadable(shown: string, error: unknown): ConfigError {
  const code = errorCode(error);
  const options = (hint: string) => ({ hint, detail: { file: shown, code }, cause: error });
  if (code === 'ENOENT')
    return new ConfigError(
      `${shown} does not exist`,
      options('belt init writes it; configs.example shows how it looks.'),
    );
  if (code === 'EACCES' || code === 'EPERM') {
    return new ConfigError(
      `${shown} cannot be read: permission denied`,
      options('Give yourself the right to read it, or run belt as its owner.'),
    );
  }
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new ConfigError(`${shown} is not UTF-8 text`, options('Save it as UTF-8 in your editor.'));
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new ConfigError(`${shown} cannot be read: ${reason}`, options('Put this right and run the command again.'));
}

/** The system's code of an error: `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
