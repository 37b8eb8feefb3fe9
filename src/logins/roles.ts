import type { Session } from '../postgres/session.js';
import { ident } from '../postgres/quote.js';
import { retryOn } from '../postgres/retry.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import type { Exclusions } from './exclusions.js';

const ROLE_RACES = [SQLSTATE.internalError];
const RACE_ATTEMPTS = 8;

/** The roles that have LOGIN and are not excluded, sorted by name. Roles belong to the server, not to one database. */
export async function rolesWithLogin(session: Session, { users, patterns }: Exclusions): Promise<string[]> {
  const rows = await session.query<{ rolname: string }>(
    `SELECT rolname FROM pg_roles
      WHERE rolcanlogin AND NOT rolname = ANY ($1) AND NOT rolname LIKE ANY ($2) ORDER BY 1`,
    [users, patterns],
  );
  return rows.map(({ rolname }) => rolname);
}

/** Of the names given, those that exist, each with whether it has LOGIN. */
export async function loginState(session: Session, names: readonly string[]): Promise<Map<string, boolean>> {
  const rows = await session.query<{ rolname: string; rolcanlogin: boolean }>(
    'SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY ($1)',
    [names],
  );
  return new Map(rows.map(({ rolname, rolcanlogin }) => [rolname, rolcanlogin]));
}

/** Gives or takes LOGIN, of all the roles or of none. */
export async function setLogin(session: Session, roles: readonly string[], login: boolean): Promise<void> {
  if (roles.length === 0) return;
  const sql = roles.map((role) => `ALTER ROLE ${ident(role)} ${login ? 'LOGIN' : 'NOLOGIN'}`).join('; ');
  // Several belts may be changing roles of one server at once.
  await retryOn(ROLE_RACES, RACE_ATTEMPTS, () => session.query(sql));
}
