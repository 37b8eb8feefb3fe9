import { readFile } from 'node:fs/promises';
import type { SideName } from '../errors.js';
import { packageFile } from '../package-file.js';
import { ident, literal } from '../postgres/quote.js';
import { Session } from '../postgres/session.js';
import type { Server } from './servers.js';

/** The sample shop's own names. */
export const SHOP = {
  database: 'shop',
  schema: 'Shop Floor',
  owner: 'shop_owner',
  /** The role of the shop's application: it may log in, and owns nothing. */
  application: 'shop_app',
  /** A role that cannot log in and may read a little. */
  reports: 'shop_reports',
} as const;

export interface ShopPasswords {
  readonly owner: string;
  readonly application: string;
}

const LOAD_TIMEOUT_MS = 300_000;

/** Opens a session on a sandbox's server. */
export function connectTo(
  server: { readonly host: string; readonly port: number },
  side: SideName,
  database: string,
  user: string,
  password: string,
): Promise<Session> {
  const { host, port } = server;
  return Session.connect(
    { side, host, port, database, user, password, ssl: { mode: 'disable' } },
    { applicationName: 'belt sandbox', statementTimeout: LOAD_TIMEOUT_MS },
  );
}

/** Makes the shop's roles and its empty database, which the owner may fill. */
export async function makeShopDatabase(server: Server, side: SideName, passwords: ShopPasswords): Promise<void> {
  const root = await connectTo(server, side, 'postgres', server.superuser, server.password);
  try {
    await root.query(`CREATE ROLE ${ident(SHOP.owner)} LOGIN PASSWORD ${literal(passwords.owner)}`);
    await root.query(`CREATE ROLE ${ident(SHOP.application)} LOGIN PASSWORD ${literal(passwords.application)}`);
    await root.query(`CREATE ROLE ${ident(SHOP.reports)}`);
    await root.query(`CREATE DATABASE ${ident(SHOP.database)} OWNER ${ident(SHOP.owner)}`);
  } finally {
    await root.close();
  }
}

/** Fills the database with the sample shop, as its owner: in a second or two. */
export async function loadShop(server: Server, side: SideName, passwords: ShopPasswords): Promise<void> {
  const owner = await connectTo(server, side, SHOP.database, SHOP.owner, passwords.owner);
  try {
    await owner.query(await readFile(packageFile('src/sandbox/shop.sql'), 'utf8'));
    await owner.query('ANALYZE');
  } finally {
    await owner.close();
  }
}
