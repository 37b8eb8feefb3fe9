import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ident, literal } from '../../src/postgres/quote.js';
import { connectTo } from '../../src/sandbox/shop.js';
import type { ServerInfo } from '../harness/providers/provider.js';

/** A fresh database on both servers with a project folder's config for it. */
export interface DatabasePair {
  readonly dc: 'bench';
  readonly db: string;
}

/**
 * Makes the database on both servers, fills the source's as its owner, and writes the config.
 * @param folder the migration project folder
 * @param sql what the owner runs on the source
 * @param settings what else the config says
 */
export async function makeDatabasePair(
  folder: string,
  db: string,
  { source, destination }: { source: ServerInfo; destination: ServerInfo },
  sql: string,
  settings: object = {},
): Promise<DatabasePair> {
  const owner = `${db}_owner`;
  const pw = randomBytes(12).toString('base64url');
  for (const [side, server] of [['src', source] as const, ['dst', destination] as const]) {
    const root = await connectTo(server, side, 'postgres', server.superuser, server.password);
    await root.query(`CREATE ROLE ${ident(owner)} LOGIN PASSWORD ${literal(pw)}`);
    await root.query(`CREATE DATABASE ${ident(db)} OWNER ${ident(owner)}`);
    await root.close();
  }
  const session = await connectTo(source, 'src', db, owner, pw);
  await session.query('SET search_path = public');
  await session.query(sql);
  await session.close();
  const config = { db, dc: 'bench', src: side(source), dst: side(destination), tables: [], sequences: [], ...settings };
  const path = join(folder, 'configs', 'bench', db);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'config.json'), JSON.stringify(config, null, 2), { mode: 0o600 });
  return { dc: 'bench', db };

  function side(server: ServerInfo): object {
    return {
      host: server.host,
      port: server.port,
      ...(server.peer === undefined ? {} : { peer_host: server.peer.host, peer_port: server.peer.port }),
      db,
      sslmode: 'disable',
      root_user: { name: server.superuser, pw: server.password },
      owner_user: { name: owner, pw },
      pglogical_user: { name: 'pglogical', pw: 'bench-pglogical-password' },
      other_users: null,
    };
  }
}
