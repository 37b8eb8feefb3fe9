import { access, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../errors.js';
import { folderOnPath, isProgram, runServerTool } from '../process/server-tools.js';

/** A PostgreSQL server's programs on this machine. */
export interface ServerInstallation {
  /** For instance 15. */
  readonly major: number;
  /** The folder with initdb, pg_ctl and postgres. */
  readonly bindir: string;
  readonly hasPglogical: boolean;
  readonly hasPgStatStatements: boolean;
}

/** Where packages put servers; `*` stands for one folder of any name. */
const USUAL_PLACES = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/usr/local/opt/postgresql@*/bin',
  '/usr/local/pgsql/bin',
];

/**
 * Finds the PostgreSQL servers of this machine: in the places where packages put them, and by `pg_config` on PATH.
 * @param searchPath the value of PATH
 * @returns oldest major version first; each folder once
 */
export async function findServers(searchPath: string | undefined): Promise<ServerInstallation[]> {
  const usual = (await Promise.all(USUAL_PLACES.map(expand))).flat();
  const onPath = await folderOnPath('pg_config', searchPath);
  const folders = [...usual];
  if (onPath !== undefined) {
    // A pg_config without its server (a client's package) must not stop the search.
    const bindir = await runServerTool(onPath, 'pg_config', ['--bindir'], { timeout: 10_000 }).catch(() => undefined);
    if (bindir !== undefined) folders.push(bindir);
  }
  const complete = await Promise.all(
    folders.map(async (folder) => ((await hasServer(folder)) ? [await realpath(folder)] : [])),
  );
  const inspected = await Promise.all([...new Set(complete.flat())].map(inspect));
  return inspected.sort((a, b) => a.major - b.major || a.bindir.localeCompare(b.bindir));
}

/**
 * The servers that a migration can be tried with: source the oldest with pglogical, destination the newest.
 * @throws ToolError that says what to install
 */
export async function chooseServers(
  searchPath: string | undefined,
): Promise<{ source: ServerInstallation; destination: ServerInstallation }> {
  const found = await findServers(searchPath);
  const usable = found.filter((installation) => installation.hasPglogical);
  const [source] = usable;
  const destination = usable.at(-1);
  if (source === undefined || destination === undefined) throw noServers(found);
  return { source, destination };
}

/** The error that says what to install. */
export function noServers(found: readonly ServerInstallation[]): ToolError {
  const majors = [...new Set(found.map((installation) => installation.major))];
  const packages =
    majors.length === 0
      ? ['postgresql', 'postgresql-<version>-pglogical']
      : majors.map((major) => `postgresql-${String(major)}-pglogical`);
  return new ToolError(
    majors.length === 0
      ? 'there is no PostgreSQL server on this machine'
      : `PostgreSQL ${majors.join(', ')} is on this machine, but without the extension pglogical`,
    {
      hint:
        `Install it; on Debian or Ubuntu: apt-get install ${packages.join(' ')} (for instance postgresql-15-pglogical on Debian 12). ` +
        'With Docker you need no installation: docker compose up in a clone of the project gives two servers.',
      detail: { found: majors },
    },
  );
}

async function expand(pattern: string): Promise<string[]> {
  const star = pattern.indexOf('*');
  if (star < 0) return [pattern];
  const parent = pattern.slice(0, pattern.lastIndexOf('/', star));
  const prefix = pattern.slice(parent.length + 1, star);
  const rest = pattern.slice(star + 1);
  const names = await readdir(parent).catch(() => []);
  return names.filter((name) => name.startsWith(prefix)).map((name) => `${parent}/${name}${rest}`);
}

async function hasServer(bindir: string): Promise<boolean> {
  const programs = await Promise.all(['initdb', 'pg_ctl', 'postgres'].map((name) => isProgram(join(bindir, name))));
  return programs.every(Boolean);
}

async function inspect(bindir: string): Promise<ServerInstallation> {
  const version = await runServerTool(bindir, 'postgres', ['--version'], { timeout: 10_000 });
  const directory = async (option: string): Promise<string | undefined> =>
    runServerTool(bindir, 'pg_config', [option], { timeout: 10_000 }).then(
      (text) => text.trim(),
      () => undefined,
    );
  const [libraries, shared] = await Promise.all([directory('--pkglibdir'), directory('--sharedir')]);
  // Without pg_config beside the server (Debian has it there; others may not), the usual layout is taken.
  const library = libraries ?? join(bindir, '..', 'lib');
  const extension = join(shared ?? join(bindir, '..', 'share'), 'extension');
  const present = async (name: string): Promise<boolean> => {
    const control = await exists(join(extension, `${name}.control`));
    const code = await Promise.all(['so', 'dylib'].map((ending) => exists(join(library, `${name}.${ending}`))));
    return control && code.some(Boolean);
  };
  const [hasPglogical, hasPgStatStatements] = await Promise.all([present('pglogical'), present('pg_stat_statements')]);
  return { major: Number(/\d+/.exec(version)?.[0] ?? 0), bindir, hasPglogical, hasPgStatStatements };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
