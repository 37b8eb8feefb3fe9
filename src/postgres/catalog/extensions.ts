import type { Session } from '../session.js';

export interface Extension {
  readonly name: string;
  readonly schema: string;
  readonly version: string;
}

/** The extensions of the database, those that others need first. */
export async function extensionsOf(session: Session): Promise<Extension[]> {
  return session.query<Extension>(
    `SELECT e.extname AS name, n.nspname AS schema, e.extversion AS version
       FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
      -- An extension is always made after those it needs.
      ORDER BY e.oid`,
  );
}

export interface AvailableExtension {
  readonly name: string;
  /** The version that CREATE EXTENSION makes. */
  readonly version: string;
  /** The schema it insists on, or null where it goes into any. */
  readonly fixedSchema: string | null;
}

/** The extensions whose files are on the server, by name. */
export async function availableExtensions(session: Session): Promise<Map<string, AvailableExtension>> {
  const rows = await session.query<AvailableExtension>(
    `SELECT e.name, e.default_version AS version, v.schema AS "fixedSchema"
       FROM pg_available_extensions e
       LEFT JOIN pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}
