import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { ToolError } from '../errors.js';

/** The programs that make and run a PostgreSQL server. */
export type ServerTool = 'initdb' | 'pg_ctl' | 'pg_config' | 'postgres';

/** The operating system's user whom a server runs as, when it is another than oneself. */
export interface ServerIdentity {
  readonly uid: number;
  readonly gid: number;
}

export interface ServerToolOptions {
  /** Milliseconds until the program is given up. */
  readonly timeout: number;
  /** Run as this user; oneself when undefined. */
  readonly identity?: ServerIdentity | undefined;
  /** A folder that the user may enter. */
  readonly cwd?: string;
}

/** These would send the tools to another server or folder than the one meant. */
const FOREIGN_VARIABLES = ['PGDATA', 'PGPORT', 'PGHOST', 'PGUSER', 'PGDATABASE', 'PGOPTIONS', 'PGSERVICE'];

/**
 * Runs a server program to its end and gives what it wrote to stdout.
 * @param bindir the folder that holds the program
 * @throws ToolError with the program's own words when it fails or takes too long
 */
export async function runServerTool(
  bindir: string,
  tool: ServerTool,
  args: readonly string[],
  { timeout, identity, cwd }: ServerToolOptions,
): Promise<string> {
  const result = await execa(join(bindir, tool), [...args], {
    reject: false,
    stdin: 'ignore',
    timeout,
    ...(cwd === undefined ? {} : { cwd }),
    ...(identity === undefined ? {} : { uid: identity.uid, gid: identity.gid }),
    // English and stable: what the tools say ends up in messages and logs beside belt's own words.
    env: { LC_ALL: 'C', ...Object.fromEntries(FOREIGN_VARIABLES.map((name) => [name, undefined])) },
  });
  if (result.failed) {
    const words = [result.stderr, result.stdout]
      .filter((text) => text !== '')
      .join('\n')
      .trim();
    const why = result.timedOut ? `took longer than ${String(timeout / 1000)} s` : words || result.shortMessage;
    throw new ToolError(`${join(bindir, tool)} failed: ${why}`, {
      detail: { tool, exit_code: result.exitCode ?? null, timed_out: result.timedOut },
    });
  }
  return result.stdout;
}

/**
 * Whom a server must run as: PostgreSQL refuses to run as root, so root lends it the user `postgres`, or `nobody` where
 * there is none.
 * @returns undefined for anybody but root: the server runs as oneself
 * @throws ToolError when there is neither user
 */
export async function serverIdentity(): Promise<ServerIdentity | undefined> {
  if (userInfo().uid !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = await Promise.all([
      execa('id', ['-u', name], { reject: false }),
      execa('id', ['-g', name], { reject: false }),
    ]);
    if (!uid.failed && !gid.failed) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new ToolError('PostgreSQL does not run as root, and this machine has no user "postgres" or "nobody"', {
    hint: 'Add a user, for instance with: useradd --system postgres. Or run this as a user that is not root.',
  });
}

/** The folder of the first program of that name on the search path (the value of PATH), or undefined. */
export async function folderOnPath(program: string, searchPath: string | undefined): Promise<string | undefined> {
  for (const folder of (searchPath ?? '').split(delimiter)) {
    if (folder !== '' && (await isProgram(join(folder, program)))) return folder;
  }
  return undefined;
}

/** Whether the file is there and may be run. */
export async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
