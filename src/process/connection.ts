import type { Environment } from '../environment.js';
import { conninfo } from '../postgres/conninfo.js';
import type { Address } from '../postgres/session.js';

const CONNECT_TIMEOUT_S = 10;

/** Milliseconds; 0 for no limit. */
export interface ToolTimeouts {
  readonly statement: number;
  readonly lock: number;
}

/**
 * The environment for a client tool that connects to `address`: the process's own without any `PG...` variable (a
 * stray PGOPTIONS or PGSERVICE must not lead elsewhere), the connection with its password, and settings.
 * Messages of the tool come in English, since people search the web for them; the server's stay as they are.
 */
export function toolEnvironment(
  environment: Environment,
  address: Address,
  { applicationName, timeouts }: { applicationName: string; timeouts: ToolTimeouts },
): Record<string, string> {
  return {
    ...plainEnvironment(environment),
    PGHOST: address.host,
    ...(address.hostaddr === undefined ? {} : { PGHOSTADDR: address.hostaddr }),
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGPASSWORD: address.password,
    PGDATABASE: address.database,
    PGSSLMODE: address.ssl.mode,
    ...(address.ssl.rootcert === undefined ? {} : { PGSSLROOTCERT: address.ssl.rootcert }),
    PGCONNECT_TIMEOUT: String(CONNECT_TIMEOUT_S),
    PGAPPNAME: applicationName,
    PGCLIENTENCODING: 'UTF8',
    PGOPTIONS: `-c statement_timeout=${String(timeouts.statement)} -c lock_timeout=${String(timeouts.lock)}`,
  };
}

/** The environment for a client tool that does not connect. */
export function plainEnvironment(environment: Environment): Record<string, string> {
  const inherited = Object.entries(environment.variables).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(PG|LC_|LANG)/.test(entry[0]),
  );
  return { ...Object.fromEntries(inherited), LC_ALL: 'C' };
}

/** What `-d` of a client tool takes for the database alone; whatever the name is, it is not taken for more than a name. */
export function databaseArgument(address: Address): string {
  return conninfo({ dbname: address.database });
}
