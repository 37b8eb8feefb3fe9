import { access, constants, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../environment.js';
import { ToolError } from '../errors.js';
import { plainEnvironment } from './connection.js';
import { runTool } from './run.js';

export const TOOL_NAMES = ['pg_dump', 'pg_restore', 'psql'] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

/** One installation of a client tool. */
export interface Tool {
  readonly name: ToolName;
  readonly path: string;
  readonly major: number;
  /** As the tool says it: `15.20 (Debian 15.20-0+deb12u1)`. */
  readonly version: string;
  /** Debian's Perl script that looks for the real program: slow, and its version depends on the machine's clusters. */
  readonly wrapper: boolean;
}

/** pg_dump and pg_restore of one release, fit for a pair of servers. */
export interface DumpTools {
  readonly dump: Tool;
  readonly restore: Tool;
}

/** A line of precheck's list. */
export interface ToolCheck {
  readonly name: ToolName;
  readonly ok: boolean;
  readonly path: string | null;
  readonly version: string | null;
  /** Why not ok; null when ok. */
  readonly problem: string | null;
  /** What to do about it; null when ok. */
  readonly remedy: string | null;
}

/** Folders of packages that put the tools beside the PATH; `*` is a version. */
const PACKAGE_FOLDERS: readonly (readonly [parent: string, inner: string])[] = [
  ['/usr/lib/postgresql', 'bin'],
  ['/usr/lib', 'bin'],
  ['/usr', 'bin'],
  ['/opt/homebrew/opt', 'bin'],
  ['/usr/local/opt', 'bin'],
  ['/Applications/Postgres.app/Contents/Versions', 'bin'],
];
const VERSION_TIME_LIMIT_MS = 10_000;

/** What each run of belt has found: looking starts every tool once. */
const found = new WeakMap<Environment, Map<ToolName, Promise<Tool[]>>>();

/**
 * All installations of one tool, newest first. Where the variable BELT_PG_BIN names a folder, only that is looked in;
 * else the PATH and the folders in which packages put PostgreSQL. A wrapper counts only where no real program is found:
 * it starts one of those, and takes twenty times as long to do so.
 */
export async function findTools(name: ToolName, environment: Environment): Promise<Tool[]> {
  const known = found.get(environment) ?? new Map<ToolName, Promise<Tool[]>>();
  found.set(environment, known);
  const looking = known.get(name) ?? lookForTools(name, environment);
  known.set(name, looking);
  return looking;
}

async function lookForTools(name: ToolName, environment: Environment): Promise<Tool[]> {
  const paths = new Map<string, string>();
  for (const folder of await toolFolders(environment)) {
    const file = path.join(folder, name);
    try {
      await access(file, constants.X_OK);
      const real = await realpath(file);
      if (!paths.has(real)) paths.set(real, file);
    } catch {
      // Not here.
    }
  }
  const describe = async (wrapper: boolean): Promise<Tool[]> => {
    const files = [...paths].filter(([real]) => isWrapper(real) === wrapper).map(([, file]) => file);
    const tools = await Promise.all(files.map((file) => describeTool(name, file, wrapper, environment)));
    return tools.filter((tool) => tool !== undefined).sort((one, other) => other.major - one.major);
  };
  const programs = await describe(false);
  return programs.length > 0 ? programs : describe(true);
}

function isWrapper(real: string): boolean {
  return path.basename(real) === 'pg_wrapper';
}

/**
 * The pg_dump and pg_restore for a pair of servers. pg_dump reads servers of its own release and older ones; what a
 * newer one writes may hold settings that an older destination does not know, so the destination's release is best.
 * @param source major version of the server to dump
 * @param destination major version of the server to load into
 * @throws ToolError saying what was found where, and what to install
 */
export async function findDumpTools(
  environment: Environment,
  { source, destination }: { source: number; destination: number },
): Promise<DumpTools> {
  const [dumps, restores] = await Promise.all([
    findTools('pg_dump', environment),
    findTools('pg_restore', environment),
  ]);
  const dump = chooseTool(dumps, source, destination);
  if (dump === undefined) throw missingTool('pg_dump', dumps, source, destination, environment);
  // A pg_restore reads archives of its own release and older ones.
  const restore = chooseTool(restores, dump.major, Math.max(dump.major, destination));
  if (restore === undefined) throw missingTool('pg_restore', restores, dump.major, destination, environment);
  return { dump, restore };
}

/**
 * The psql for a server; one of any release will do, best of the server's own.
 * @throws ToolError saying what to install
 */
export async function findPsql(environment: Environment, server: number): Promise<Tool> {
  const found = await findTools('psql', environment);
  const tool = chooseTool(found, 0, server);
  if (tool === undefined) throw missingTool('psql', found, server, server, environment);
  return tool;
}

/**
 * Chooses among installations: at least `least`; best of `wanted`'s release, else the newest that is older than that,
 * else the oldest that is newer. Real programs come before wrappers.
 */
export function chooseTool(tools: readonly Tool[], least: number, wanted: number): Tool | undefined {
  const rank = ({ major, wrapper }: Tool): number => {
    const distance = major <= wanted ? wanted - major : 1000 + major - wanted;
    return distance * 2 + Number(wrapper);
  };
  return tools.filter((tool) => tool.major >= least).sort((one, other) => rank(one) - rank(other))[0];
}

/**
 * What precheck shows of the client tools; never throws for a tool that is missing.
 * @param servers major versions of the two servers
 */
export async function checkTools(
  environment: Environment,
  servers: { source: number; destination: number },
): Promise<ToolCheck[]> {
  return Promise.all(
    TOOL_NAMES.map(async (name) => {
      const found = await findTools(name, environment);
      const tool = chooseTool(found, servers.source, servers.destination);
      if (tool !== undefined)
        return { name, ok: true, path: tool.path, version: tool.version, problem: null, remedy: null };
      const { message, hint } = missingTool(name, found, servers.source, servers.destination, environment);
      return {
        name,
        ok: false,
        path: found[0]?.path ?? null,
        version: found[0]?.version ?? null,
        problem: message,
        remedy: hint ?? null,
      };
    }),
  );
}

function missingTool(
  name: ToolName,
  found: readonly Tool[],
  least: number,
  wanted: number,
  environment: Environment,
): ToolError {
  const install = Math.max(least, wanted);
  const only = environment.variables['BELT_PG_BIN'];
  const where = only === undefined ? 'in the PATH and in the usual folders' : `in BELT_PG_BIN (${only})`;
  const had = found.map((tool) => `${tool.path} (version ${tool.version})`).join(', ');
  const message =
    found.length === 0
      ? `${name} was not found ${where}`
      : `${name} is too old: version ${String(least)} or newer is needed, found ${had}`;
  return new ToolError(message, {
    hint: `Install PostgreSQL's client tools of version ${String(install)} (Debian and Ubuntu: apt-get install postgresql-client-${String(install)}; macOS: brew install postgresql@${String(install)}), or put their folder into the PATH.`,
    detail: {
      tool: name,
      needed_major: least,
      found: found.map((tool) => ({ path: tool.path, version: tool.version })),
    },
  });
}

async function toolFolders(environment: Environment): Promise<string[]> {
  const only = environment.variables['BELT_PG_BIN'];
  if (only !== undefined && only !== '') return [only];
  const inPath = (environment.variables['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const packaged = await Promise.all(
    PACKAGE_FOLDERS.map(async ([parent, inner]) => {
      const names = await readdir(parent).catch(() => []);
      return names.filter(isPackageName).map((one) => path.join(parent, one, inner));
    }),
  );
  return [...inPath, ...packaged.flat()];
}

/** `15`, `pgsql-15`, `postgresql15`, `postgresql@15`, `libpq`, `latest`. */
function isPackageName(name: string): boolean {
  return /^(\d+|pgsql-\d+|postgresql@?\d*|libpq|latest)$/.test(name);
}

async function describeTool(
  name: ToolName,
  file: string,
  wrapper: boolean,
  environment: Environment,
): Promise<Tool | undefined> {
  try {
    const { stdout } = await runTool({
      name,
      path: file,
      args: ['--version'],
      env: plainEnvironment(environment),
      purpose: `asking ${file} for its version`,
      signal: environment.signal,
      timeLimit: VERSION_TIME_LIMIT_MS,
    });
    const version = /\(PostgreSQL\) (\d+)(.*)/.exec(stdout);
    if (version === null) return undefined;
    return {
      name,
      path: file,
      major: Number(version[1]),
      version: `${version[1] ?? ''}${version[2] ?? ''}`.trim(),
      wrapper,
    };
  } catch (error) {
    if (error instanceof ToolError) return undefined;
    throw error;
  }
}
