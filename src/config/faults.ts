import { ConfigError } from '../errors.js';

/** One thing that is wrong in a config file. Never holds a password. */
export interface ConfigFault {
  /** Where it stands in the config: `src.root_user.pw`. Empty for the file as a whole. */
  readonly path: string;
  /** From 1, as editors count. */
  readonly line: number;
  /** From 1, as editors count. */
  readonly column: number;
  readonly message: string;
}

/** Keys and list positions, from the outside in. */
export type ConfigPath = readonly (string | number)[];

/** A path as people write it: `src.other_users[0].name`. */
export function pathText(path: ConfigPath): string {
  return path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${String(segment)}]`;
      const plain = /^[\w$]+$/.test(segment) ? segment : JSON.stringify(segment);
      return index === 0 ? plain : `.${plain}`;
    })
    .join('');
}

/** Gives the line and column, both from 1, of an offset into the text. */
export function positions(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (const newline of text.matchAll(/\r\n|\r|\n/g)) starts.push(newline.index + newline[0].length);
  return (offset) => {
    const line = starts.findLastIndex((start) => start <= offset);
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
}

/**
 * The one error that tells all the faults of a file, in the order in which they stand there.
 * @param file the file's path as the person knows it
 */
export function faultsError(file: string, faults: readonly ConfigFault[]): ConfigError {
  const sorted = faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted.map(({ path, line, column, message }) => {
    const place = `${file}:${String(line)}:${String(column)}`;
    return path === '' ? `${place}  ${message}` : `${place}  ${path}: ${message}`;
  });
  return new ConfigError(lines.join('\n'), {
    hint: 'Put this right in the file and run the command again. `belt schema` prints what may stand there.',
    detail: { file, faults: sorted },
  });
}
