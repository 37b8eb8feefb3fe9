import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

export type Place = 'source' | 'destination';

export interface Login {
  readonly name: string;
  readonly password: string;
}

/** What `belt sandbox up` left in the project folder, for the application and the proofs to connect with. */
export interface SandboxFacts {
  readonly schema: string;
  readonly application: Login;
  readonly servers: Readonly<Record<Place, ServerFacts>>;
}

export interface ServerFacts {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly superuser: Login;
  /** The folder of psql. */
  readonly bindir: string;
}

interface StateFile {
  readonly passwords: { readonly application: string };
  readonly servers: readonly {
    readonly name: Place;
    readonly host: string;
    readonly port: number;
    readonly superuser: string;
    readonly password: string;
    readonly bindir: string;
  }[];
}

export async function readSandbox(folder: string): Promise<SandboxFacts> {
  const state = JSON.parse(await readFile(join(folder, '.sandbox.json'), 'utf8')) as StateFile;
  const facts = (place: Place): ServerFacts => {
    const server = state.servers.find(({ name }) => name === place);
    if (server === undefined) throw new Error(`the sandbox has no ${place}`);
    const { host, port, superuser, password, bindir } = server;
    return { host, port, database: 'shop', superuser: { name: superuser, password }, bindir };
  };
  return {
    schema: 'Shop Floor',
    application: { name: 'shop_app', password: state.passwords.application },
    servers: { source: facts('source'), destination: facts('destination') },
  };
}

/** Opens a connection; a loss of it later surfaces in the next query. */
export async function connect(server: ServerFacts, login: Login): Promise<pg.Client> {
  const client = new pg.Client({
    host: server.host,
    port: server.port,
    database: server.database,
    user: login.name,
    password: login.password,
    application_name: login.name,
    connectionTimeoutMillis: 5000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
  return client;
}
