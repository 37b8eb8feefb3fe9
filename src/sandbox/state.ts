import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { ConfigError } from '../errors.js';

/** What `down` must know to remove what `up` made. It stands in the project folder, and holds passwords. */
const stateSchema = z.strictObject({
  /** The folder of the servers' data. */
  home: z.string().regex(/\/belt-servers-\w+$/),
  /** Whether the project folder was made for the sandbox. */
  made_folder: z.boolean(),
  /** The passwords of the shop's roles; the owner's stands in the config, too. */
  passwords: z.strictObject({ owner: z.string(), application: z.string() }),
  servers: z.array(
    z.strictObject({
      name: z.string(),
      major: z.number(),
      bindir: z.string(),
      host: z.literal('127.0.0.1'),
      port: z.number(),
      superuser: z.literal('postgres'),
      password: z.string(),
      dataDir: z.string(),
      socketDir: z.string(),
      logFile: z.string(),
    }),
  ),
});

export type SandboxState = z.infer<typeof stateSchema>;

/** Where the state of the sandbox in a project folder stands. */
export function statePath(folder: string): string {
  return join(folder, '.sandbox.json');
}

/**
 * Reads the state of the sandbox in a project folder.
 * @returns undefined when there is no sandbox
 * @throws ConfigError when the file is not as belt wrote it
 */
export async function readState(folder: string): Promise<SandboxState | undefined> {
  const path = statePath(folder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ConfigError(`${path} is not what belt wrote there`, {
      hint: 'Stop the servers by hand (their data lies in a folder belt-servers-... for temporary files), and delete the file.',
      cause: error,
    });
  }
}

/** Writes the state, for the owner's eyes only. */
export async function writeState(folder: string, state: SandboxState): Promise<void> {
  await writeFileAtomic(statePath(folder), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}
