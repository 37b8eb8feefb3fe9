import { ConnectionError, RefusedError } from '../errors.js';
import type { Side } from '../pair/side.js';
import { ident, literal } from '../postgres/quote.js';
import { retryOn } from '../postgres/retry.js';
import { scramVerifier } from '../postgres/scram.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';

/**
 * The role by which the servers reach each other. It is cluster-wide: other databases of the same server may be using
 * it, and several belts may make it at the same moment.
 */

/** Two belts that change one role at once: the server raises one of these, and trying again helps. */
export const ROLE_RACES = [SQLSTATE.internalError, SQLSTATE.uniqueViolation, SQLSTATE.duplicateObject];
export const RACE_ATTEMPTS = 8;

/** Amazon RDS has no superuser; these roles stand for what pglogical needs of one. */
const RDS_ROLES = ['rds_superuser', 'rds_replication'];

/** @returns why there is nothing to do, or null when the role must be made or changed */
export async function roleReady(side: Side): Promise<string | null> {
  const state = await readRole(side);
  if (state === null || !state.can_login || !state.privileged || state.missing_library) return null;
  return (await passwordWorks(side)) ? `role ${side.config.pglogical_user.name} is ready` : null;
}

/**
 * Makes the role, or gives an existing one what it lacks: LOGIN, REPLICATION, the rights to apply changes, the configured
 * password, and leave to load pglogical's output plugin (servers since CVE-2026-6471 want it listed).
 * @throws RefusedError when the role's password differs from the config's while another database uses the role
 */
export async function makeRole(side: Side): Promise<string | undefined> {
  const session = await side.root();
  const { name, pw } = side.config.pglogical_user;
  const role = ident(name);
  const verifier = literal(scramVerifier(pw));
  const state = await readRole(side);
  if (state === null) {
    await retryOn(ROLE_RACES, RACE_ATTEMPTS, async () => {
      const [exists] = await session.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
      if (exists === undefined) await session.query(`CREATE ROLE ${role} LOGIN REPLICATION PASSWORD ${verifier}`);
    });
  } else if (!(state.can_login && (await passwordWorks(side)))) {
    await refuseIfOthersUseIt(side, session);
    await retryOn(ROLE_RACES, RACE_ATTEMPTS, () => session.query(`ALTER ROLE ${role} LOGIN PASSWORD ${verifier}`));
  }
  await retryOn(ROLE_RACES, RACE_ATTEMPTS, () => givePrivileges(session, name));
  await retryOn(ROLE_RACES, RACE_ATTEMPTS, () => allowOutputPlugin(session, name));
  return state === null ? undefined : 'it was there, and has now what it needs';
}

export interface RoleState {
  can_login: boolean;
  privileged: boolean;
  /** The server wants output plugins listed, and pglogical's is not for this role. */
  missing_library: boolean;
}

/** What the role may do on the server, or null when there is none. */
export async function readRole(side: Side): Promise<RoleState | null> {
  const session = await side.root();
  const [row] = await session.query<RoleState>(
    `SELECT r.rolcanlogin AS can_login,
            CASE WHEN rds.granted IS NULL THEN r.rolsuper AND r.rolreplication ELSE rds.granted END AS privileged,
            current_setting('output_plugin_libraries', true) IS NOT NULL
              AND NOT 'pglogical_output' = ANY (regexp_split_to_array(translate(coalesce(own.value,
                    current_setting('output_plugin_libraries')), ' "', ''), ',')) AS missing_library
       FROM pg_roles r
       LEFT JOIN LATERAL (SELECT bool_and(pg_has_role(r.oid, g.oid, 'MEMBER')) AS granted
                            FROM pg_roles g WHERE g.rolname = ANY ($2)) rds ON true
       LEFT JOIN LATERAL (SELECT substr(setting, strpos(setting, '=') + 1) AS value
                            FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
                           WHERE s.setrole = r.oid AND s.setdatabase = 0
                             AND setting LIKE 'output\\_plugin\\_libraries=%') own ON true
      WHERE r.rolname = $1`,
    [side.config.pglogical_user.name, RDS_ROLES],
  );
  return row ?? null;
}

async function passwordWorks(side: Side): Promise<boolean> {
  try {
    const session = await side.open('pglogical');
    await session.close();
    return true;
  } catch (error) {
    const code = error instanceof ConnectionError ? error.detail?.['code'] : undefined;
    if (code === SQLSTATE.invalidPassword || code === SQLSTATE.invalidAuthorization) return false;
    throw error;
  }
}

/** The other databases of the server that replicate with pglogical, and so may use the role. */
export function otherUsers(session: Session): Promise<{ database: string }[]> {
  return session.query<{ database: string }>(
    `SELECT DISTINCT database FROM pg_replication_slots
      WHERE plugin = 'pglogical_output' AND database <> current_database() ORDER BY 1`,
  );
}

async function refuseIfOthersUseIt(side: Side, session: Session): Promise<void> {
  const others = await otherUsers(session);
  if (others.length === 0) return;
  const { name } = side.config.pglogical_user;
  throw new RefusedError(
    `role "${name}" exists on the ${side.word} server with another password, and replication of ` +
      `${others.map(({ database }) => `"${database}"`).join(', ')} uses it: changing it would break that`,
    {
      hint: `Put the password that "${name}" has on that server into "${side.name}.pglogical_user.pw": the role is one for the whole server.`,
      detail: { side: side.name, role: name },
    },
  );
}

/** Superuser where root is one (the apply worker must disable triggers); the RDS roles where there is no superuser. */
async function givePrivileges(session: Session, name: string): Promise<void> {
  const role = ident(name);
  const rds = await session.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [
    RDS_ROLES,
  ]);
  if (rds.length > 0) {
    await session.query(`GRANT ${rds.map(({ rolname }) => ident(rolname)).join(', ')} TO ${role}`);
    return;
  }
  const { ready } = await session.one<{ ready: boolean }>(
    'SELECT rolsuper AND rolreplication AS ready FROM pg_roles WHERE rolname = $1',
    [name],
  );
  if (!ready) await session.query(`ALTER ROLE ${role} SUPERUSER REPLICATION`);
}

/** Lists pglogical's output plugin for this role alone, beside what the server allows already. */
async function allowOutputPlugin(session: Session, name: string): Promise<void> {
  const { allowed } = await session.one<{ allowed: string | null }>(
    "SELECT current_setting('output_plugin_libraries', true) AS allowed",
  );
  if (allowed === null) return;
  const libraries = new Set(
    allowed
      .split(',')
      .map((library) => library.trim().replaceAll('"', ''))
      .filter(Boolean),
  );
  libraries.add('pglogical_output');
  // A list of separate literals: one quoted string would count as a single library of that whole name.
  await session.query(
    `ALTER ROLE ${ident(name)} SET output_plugin_libraries = ${[...libraries].map(literal).join(', ')}`,
  );
}
