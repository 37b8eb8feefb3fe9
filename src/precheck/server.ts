import type { Side } from '../pair/side.js';
import type { Session } from '../postgres/session.js';
import type { Schemas } from '../postgres/schemas.js';
import type { PrecheckRole } from '../results/precheck.js';

/** What a server says about itself, as far as a migration depends on it. */
export interface ServerFacts {
  server_version: string;
  max_replication_slots: number;
  max_worker_processes: number;
  max_wal_senders: number;
  used_replication_slots: number;
  wal_level: string;
  /** Null where root may not read it. */
  shared_preload_libraries: string[] | null;
  rds_logical_replication: string | null;
  output_plugin_libraries: string | null;
  encoding: string;
  /** The extension's version in the database, else the one the server would create. */
  pglogical_version: string | null;
  /** The name of the pglogical node that this database is already. */
  node: string | null;
  /** Tells clusters apart: two databases with the same one are in the same server. Null where it may not be read. */
  system_identifier: string | null;
  /** Whether pglogical's tables are in the database, for root to read. */
  pglogical_readable: boolean;
  /** Seconds since the oldest open transaction of the server began. */
  oldest_transaction: number;
}

export async function readServer(side: Side): Promise<ServerFacts> {
  const session = await side.root();
  const facts = await session.one<Omit<ServerFacts, 'node' | 'pglogical_readable' | 'system_identifier'>>(
    `SELECT current_setting('server_version') AS server_version,
            current_setting('max_replication_slots')::int AS max_replication_slots,
            current_setting('max_worker_processes')::int AS max_worker_processes,
            current_setting('max_wal_senders')::int AS max_wal_senders,
            (SELECT count(*) FROM pg_replication_slots)::int AS used_replication_slots,
            current_setting('wal_level') AS wal_level,
            CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN
              array_remove(regexp_split_to_array(translate(current_setting('shared_preload_libraries'), '" ', ''), ','), '')
            END AS shared_preload_libraries,
            current_setting('rds.logical_replication', true) AS rds_logical_replication,
            CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
                 THEN current_setting('output_plugin_libraries', true) END AS output_plugin_libraries,
            current_setting('server_encoding') AS encoding,
            coalesce((SELECT extversion FROM pg_extension WHERE extname = 'pglogical'),
                     (SELECT default_version FROM pg_available_extensions WHERE name = 'pglogical')) AS pglogical_version,
            coalesce((SELECT extract(epoch FROM max(now() - xact_start))
                        FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()), 0)::int
              AS oldest_transaction`,
  );
  return { ...facts, ...(await readNode(session)), system_identifier: await readIdentifier(session) };
}

async function readNode(session: Session): Promise<Pick<ServerFacts, 'node' | 'pglogical_readable'>> {
  const { there } = await session.one<{ there: boolean }>(
    `SELECT coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')), false) AS there
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'pglogical' AND c.relkind = 'r'`,
  );
  if (!there) return { node: null, pglogical_readable: false };
  const [row] = await session.query<{ node_name: string }>(
    'SELECT node_name FROM pglogical.local_node JOIN pglogical.node USING (node_id)',
  );
  return { node: row?.node_name ?? null, pglogical_readable: true };
}

async function readIdentifier(session: Session): Promise<string | null> {
  const [row] = await session.query<{ id: string }>(
    `SELECT system_identifier::text AS id FROM pg_control_system()
      WHERE has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')`,
  );
  return row?.id ?? null;
}

/** A role's attributes and memberships, and whether it may create in the schemas; null when there is no such role. */
export async function readRole(session: Session, name: string, schemas: Schemas): Promise<PrecheckRole | null> {
  const [row] = await session.query<PrecheckRole>(
    `SELECT r.rolname, r.rolcanlogin, r.rolcreaterole, r.rolinherit, r.rolsuper,
            ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                   WHERE m.member = r.oid ORDER BY 1) AS memberof,
            (SELECT bool_and(CASE WHEN n.oid IS NULL THEN has_database_privilege(r.oid, current_database(), 'CREATE')
                                  ELSE has_schema_privilege(r.oid, n.oid, 'CREATE') END)
               FROM unnest($2::text[]) AS wanted (name) LEFT JOIN pg_namespace n ON n.nspname = wanted.name) AS can_create
       FROM pg_roles r
      WHERE r.rolname = $1`,
    [name, schemas.names],
  );
  return row ?? null;
}
