import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
    await chmod(path, 0o755);
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

const NOBODY = 65534;

/**
 * Does what must fail for want of rights, and gives the error: with the mode set on the path meanwhile and, since root
 * may do anything, as another user where the tests run as root.
 */
export async function unprivileged([path, mode]: [string, number], work: () => Promise<unknown>): Promise<unknown> {
  const isRoot = process.geteuid?.() === 0;
  await chmod(path, mode);
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return await work().then(
      () => new Error('it did not fail'),
      (error: unknown) => error,
    );
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(path, 0o700);
  }
}
