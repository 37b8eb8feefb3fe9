import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { ident } from '../../src/postgres/quote.js';
import { findTools } from '../../src/process/tools.js';
import type { TestPair } from '../harness/pair.js';
import type { TestServer } from '../harness/servers.js';
import { readObjects, type CompareOptions } from './checker/compare.js';
import type { Facts } from './checker/facts.js';

/** What a database should be like on the destination: made there by `pg_dump | psql`, as superuser, without rows. */

/** The folder of client tools that can read the source; the ones of this machine start fastest. */
export async function clientTools(pair: TestPair): Promise<string> {
  const environment = { cwd: pair.dir, variables: process.env, pid: process.pid, signal: new AbortController().signal };
  const found = (await findTools('pg_dump', environment)).find(({ major }) => major >= pair.src.server.info.major);
  const folder = found === undefined ? pair.environment['BELT_PG_BIN'] : dirname(found.path);
  if (folder === undefined) throw new Error('there is no pg_dump for the source');
  return folder;
}

/** A database, and who asks: its superuser. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The schema of the source's whole database, as SQL. */
export function dumpSchema(pair: TestPair, tools: string): Promise<string> {
  return dumpPlace(placeOf(pair.src.server, pair.names.database), tools);
}

/** The schema of a whole database, as SQL. */
export async function dumpPlace(place: Place, tools: string): Promise<string> {
  const { stdout } = await run(join(tools, 'pg_dump'), ['--schema-only', '--no-password', '--encoding=UTF8'], {
    env: connection(place),
  });
  return stdout;
}

/**
 * Loads the dump into a fresh database on the destination's server, and reads its objects. Then nobody may enter it any
 * more: each time a subscription changes, pglogical's supervisor starts a process in every database that can be entered.
 * @throws Error when a statement fails: then there is nothing to compare with
 */
export async function readReference(
  pair: TestPair,
  tools: string,
  dump: string,
  scope: CompareOptions,
): Promise<Facts> {
  const { server, names } = pair.dst;
  const database = `reference_${names.id}`;
  await server.sql(
    'postgres',
    `CREATE DATABASE ${ident(database)} OWNER ${ident(names.owner.name)} TEMPLATE template0`,
  );
  const errors = await loadDump(placeOf(server, database), tools, dump);
  if (errors.length > 0) throw new Error(`${pair.db}: the reference cannot be made: ${errors.join('\n')}`);
  const client = await server.connect(database);
  try {
    return await readObjects(client, scope);
  } finally {
    await client.end();
    await server.sql('postgres', `ALTER DATABASE ${ident(database)} ALLOW_CONNECTIONS false`);
  }
}

/** Runs a dump in a database, statement by statement. @returns what went wrong */
export async function loadDump(place: Place, tools: string, dump: string): Promise<string[]> {
  const { stderr } = await run(join(tools, 'psql'), ['--no-psqlrc', '--quiet', '--no-password', '--output=/dev/null'], {
    env: connection(place),
    input: dump,
  });
  return stderr.split('\n').filter((line) => line.includes('ERROR:'));
}

function placeOf({ info }: TestServer, database: string): Place {
  return { host: info.host, port: info.port, user: info.superuser, password: info.password, database };
}

function connection({ host, port, user, password, database }: Place): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGCLIENTENCODING: 'UTF8',
  };
}

async function run(
  program: string,
  args: readonly string[],
  { env, input = '' }: { env: NodeJS.ProcessEnv; input?: string },
): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A program that ends before it has read all of it: its exit code tells whether that is as it should be.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${stderr}`);
  return { stdout, stderr };
}
