import { RefusedError } from '../errors.js';
import type { Side } from '../pair/side.js';
import { ident } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { parseVersion } from './versions.js';

export interface Presence {
  /** The extension is in the database, so that its catalog can be asked. */
  there: boolean;
  /**
   * The server has loaded the library at its start; without that every function of pglogical's raises an error. True where
   * root may not see the setting.
   */
  loaded: boolean;
}

/** Whether pglogical is in the database and the server runs it. */
export async function presence(session: Session): Promise<Presence> {
  return session.one<Presence>(
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pglogical') AS there,
            CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN 'pglogical' = ANY (regexp_split_to_array(
                   translate(current_setting('shared_preload_libraries'), '" ', ''), ',')) ELSE true END AS loaded`,
  );
}

/** Whether the extension is in the database, so that its catalog can be asked. */
export async function hasPglogical(session: Session): Promise<boolean> {
  return (await presence(session)).there;
}

/** The extension's version there, for instance [2, 4, 2], or null when it is not in the database. */
export async function pglogicalVersion(session: Session): Promise<readonly number[] | null> {
  const [row] = await session.query<{ extversion: string }>(
    "SELECT extversion FROM pg_extension WHERE extname = 'pglogical'",
  );
  return row === undefined ? null : parseVersion(row.extversion);
}

/**
 * Makes the extension.
 * @throws RefusedError when the server does not load pglogical at its start, since the extension is of no use then
 */
export async function makeExtension(side: Side): Promise<undefined> {
  const session = await side.root();
  const { preload } = await session.one<{ preload: string }>(
    "SELECT current_setting('shared_preload_libraries') AS preload",
  );
  if (!preload.split(',').some((library) => library.trim().replaceAll('"', '') === 'pglogical')) {
    throw new RefusedError(`the ${side.word} server does not load pglogical: shared_preload_libraries = ${preload}`, {
      hint: 'Add pglogical to shared_preload_libraries and restart the server.',
      detail: { side: side.name },
    });
  }
  await session.transaction(async () => {
    await session.query('CREATE EXTENSION IF NOT EXISTS pglogical');
    await openSchema(session, side.config.pglogical_user.name);
  });
  return undefined;
}

/** @returns why there is nothing to do, or null when the extension is missing or stands in the application's way */
export async function extensionReady(side: Side): Promise<string | null> {
  const session = await side.root();
  if (!(await hasPglogical(session))) return null;
  // The role may have been dropped since the extension was made, and be a new one now.
  const { open } = await session.one<{ open: boolean }>(
    `SELECT has_schema_privilege('public', 'pglogical', 'USAGE')
        AND coalesce((SELECT bool_and(has_function_privilege(r.oid, p.oid, 'EXECUTE'))
                        FROM pg_roles r, pg_proc p
                       WHERE r.rolname = $1 AND p.pronamespace = to_regnamespace('pglogical')), false) AS open`,
    [side.config.pglogical_user.name],
  );
  return open ? 'the extension is there' : null;
}

/**
 * Wherever the extension is, pglogical looks into its own schema at every DROP and TRUNCATE, as the role that runs it, be
 * it of a temporary table; a role without USAGE gets "permission denied for schema pglogical". So everyone gets USAGE, in
 * the transaction that makes the extension: the application goes on undisturbed. The functions, which only that lock kept
 * from everyone, are closed in its place. Source: pglogical_executor.c, pglogical_object_access().
 */
async function openSchema(session: Session, role: string): Promise<void> {
  await session.query(
    `REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA pglogical FROM PUBLIC;
     GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pglogical TO ${ident(role)};
     GRANT USAGE ON SCHEMA pglogical TO PUBLIC`,
  );
}
