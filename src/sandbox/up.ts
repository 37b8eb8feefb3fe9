import { randomBytes } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Environment } from '../environment.js';
import { ConfigError, InterruptedError, RefusedError } from '../errors.js';
import { removeSandbox } from './down.js';
import { makeServerHome } from './folders.js';
import { chooseServers } from './installations.js';
import { freePort } from './ports.js';
import { describeServer, Server, startServer, type StartServerOptions } from './servers.js';
import { loadShop, makeShopDatabase, SHOP, type ShopPasswords } from './shop.js';
import { readState, writeState, type SandboxState } from './state.js';

export interface SandboxOptions {
  /** The project folder, absolute or below the environment's. */
  readonly dir: string;
  readonly environment: Environment;
  /** Called with a line about what is being done. */
  readonly note: (text: string) => void;
}

export interface Sandbox {
  /** The project folder, absolute. */
  readonly folder: string;
  readonly dc: 'sandbox';
  readonly db: 'shop';
  readonly configPath: string;
  readonly source: Server;
  readonly destination: Server;
  readonly passwords: ShopPasswords;
}

/**
 * Starts two throwaway servers, loads the sample shop on the source, and writes a migration project. What it made is
 * removed again when it fails or is interrupted.
 * @throws RefusedError when there is a sandbox in the folder already; ToolError when there is no PostgreSQL with
 *   pglogical, or a server does not start
 */
export async function sandboxUp({ dir, environment, note }: SandboxOptions): Promise<Sandbox> {
  const folder = resolve(environment.cwd, dir);
  const configPath = join(folder, 'configs', 'sandbox', 'shop', 'config.json');
  await refuseWhatIsThere(folder, configPath);
  const chosen = await chooseServers(environment.variables['PATH']);
  const home = await makeServerHome(chosen.source);
  const plan = async (name: string, installation: StartServerOptions['installation']): Promise<StartServerOptions> => ({
    home,
    installation,
    name,
    port: await freePort(),
    password: password(),
  });
  const plans = [await plan('source', chosen.source), await plan('destination', chosen.destination)];
  const passwords = { owner: password(), application: password() };
  const servers = plans.map(describeServer);
  const state: SandboxState = { home, made_folder: await makeFolder(folder), passwords, servers };
  // On disk before the first server starts, so that `down` finds them even if this process is killed.
  await writeState(folder, state);
  try {
    for (const { name, installation, port } of plans) {
      note(`starting PostgreSQL ${String(installation.major)} as the ${name}, on port ${String(port)} of 127.0.0.1`);
    }
    const started = await Promise.allSettled(plans.map(startServer));
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    throwIfAborted(environment);
    const [source, destination] = state.servers.map((server) => new Server(server)) as [Server, Server];
    note('loading the sample shop on the source');
    await Promise.all([
      makeShopDatabase(source, 'src', passwords).then(() => loadShop(source, 'src', passwords)),
      makeShopDatabase(destination, 'dst', passwords),
    ]);
    throwIfAborted(environment);
    await writeConfig(configPath, source, destination, passwords);
    return { folder, dc: 'sandbox', db: 'shop', configPath, source, destination, passwords };
  } catch (error) {
    await removeSandbox(folder, state);
    throw error;
  }
}

/** What to type next, for the person who started it. */
export function nextSteps({ folder, source, destination }: Sandbox, cwd: string): string {
  const way = relative(cwd, folder) || '.';
  return [
    `A sample shop is on the source (PostgreSQL ${String(source.major)}, port ${String(source.port)}); the destination`,
    `(PostgreSQL ${String(destination.major)}, port ${String(destination.port)}) is empty. The shop's application logs in as`,
    `${SHOP.application}; its password stands in ${join(way, '.sandbox.json')}. Next:`,
    '',
    ...(way === '.' ? [] : [`  cd ${way}`]),
    '  belt precheck sandbox',
    '  belt setup sandbox shop',
    '',
    `belt sandbox down${way === 'belt-sandbox' ? '' : ` --dir ${way}`} (from where you are now) removes it all again.`,
  ].join('\n');
}

async function refuseWhatIsThere(folder: string, configPath: string): Promise<void> {
  const state = await readState(folder);
  if (state !== undefined) {
    const running = await Promise.all(state.servers.map((server) => new Server(server).isRunning()));
    throw new RefusedError(
      `there is a sandbox in ${folder} already${running.some(Boolean) ? ', and it is running' : ', though its servers are not running'}`,
      { hint: `Remove it with: belt sandbox down --dir ${folder}. Or choose another folder with --dir.` },
    );
  }
  if (await exists(configPath)) {
    throw new RefusedError(`${configPath} is there already, and was not made by a sandbox`, {
      hint: 'Choose another folder with --dir.',
    });
  }
}

/** @returns whether the folder was not there before */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    return (await mkdir(folder, { recursive: true })) !== undefined;
  } catch (error) {
    throw new ConfigError(`cannot make the folder ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

async function writeConfig(path: string, source: Server, destination: Server, passwords: ShopPasswords): Promise<void> {
  const pglogical = password();
  const side = (server: Server): object => ({
    host: server.host,
    port: server.port,
    db: SHOP.database,
    sslmode: 'disable',
    root_user: { name: server.superuser, pw: server.password },
    owner_user: { name: SHOP.owner, pw: passwords.owner },
    pglogical_user: { name: 'pglogical', pw: pglogical },
    other_users: null,
  });
  const config = {
    db: 'shop',
    dc: 'sandbox',
    schema_name: SHOP.schema,
    src: side(source),
    dst: side(destination),
    tables: [],
    sequences: [],
  };
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(
    path,
    `// Made by "belt sandbox up". The servers are thrown away by "belt sandbox down".\n${JSON.stringify(config, null, 2)}\n`,
    { mode: 0o600 },
  );
}

function password(): string {
  return randomBytes(18).toString('base64url');
}

function throwIfAborted(environment: Environment): void {
  if (environment.signal.aborted) throw new InterruptedError('interrupted; what was made for the sandbox is removed');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
