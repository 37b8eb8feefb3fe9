import { randomBytes } from 'node:crypto';
import { ident } from '../../src/postgres/quote.js';
import { ORDERS } from './commands.js';
import type { TestNames, TestUser } from './names.js';
import type { TestDatabase } from './pair.js';

/** The application has rights of its own, and empties its tables. */
export const APPLICATION = ({ app, schema }: TestNames): string => `${ORDERS};
  GRANT USAGE ON SCHEMA ${ident(schema)} TO ${ident(app.name)};
  GRANT SELECT, TRUNCATE ON "Order Details" TO ${ident(app.name)}`;

/** Of a test's own, so that no other test's database keeps the role. */
export const ownRole = (): TestUser => {
  const id = randomBytes(4).toString('hex');
  return { name: `Pgl "${id}"`, pw: `pglogical-${id}` };
};

/** All that could be left of pglogical and belt in a database, and of the role on its server. */
export async function leftovers(side: TestDatabase): Promise<unknown[]> {
  const rows = await side.sql<{ what: string }>(
    `SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass AS what FROM pg_trigger WHERE tgname LIKE 'queue_truncate%'
     UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
     UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()
     UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin WHERE roname LIKE format('pgl\\_%s%%', lower(left(regexp_replace(current_database(), '[^a-zA-Z0-9]+', '_', 'g'), 8)))
     UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname IN ('pglogical', 'belt', 'pglogical_origin')
     UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname IN ('pglogical', 'dblink')
     UNION ALL SELECT 'worker ' || application_name FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'pglogical apply%'
     UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname = $1`,
    [side.names.pglogical.name],
  );
  return rows.map(({ what }) => what);
}
