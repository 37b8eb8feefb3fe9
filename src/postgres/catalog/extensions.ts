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

/** Those of the extensions that objects of the schemas depend on, each with some of these objects. */
export async function neededExtensions(
  session: Session,
  schemas: readonly string[],
  names: readonly string[],
): Promise<{ name: string; objects: string[] }[]> {
  return session.query(
    `SELECT e.extname AS name, (array_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)))[1:5] AS objects
       FROM pg_extension e
       JOIN pg_depend m ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid AND m.deptype = 'e'
       JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype <> 'e',
            LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) o
      WHERE e.extname = ANY ($2)
        AND (o.schema = ANY (SELECT quote_ident(s) FROM unnest($1::text[]) s)
             OR EXISTS (SELECT FROM pg_attrdef a JOIN pg_class c ON c.oid = a.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid AND n.nspname = ANY ($1)))
        AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = d.classid AND x.objid = d.objid AND x.deptype = 'e')
      GROUP BY e.extname ORDER BY e.extname`,
    [schemas, names],
  );
}
