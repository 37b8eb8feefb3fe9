import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A migration project folder for each test, empty at first and gone afterwards. */
export function projectFolder(): {
  readonly path: string;
  write(path: string, text: string, mode?: number): Promise<string>;
} {
  let path = '';
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'belt config '));
  });
  afterEach(async () => {
    await rm(path, { recursive: true, force: true });
  });
  return {
    get path() {
      return path;
    },
    /** Writes a file with its folders, readable by its owner only. */
    async write(name, text, mode = 0o600) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { mode });
      return file;
    },
  };
}
