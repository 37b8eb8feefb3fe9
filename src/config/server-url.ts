import { SSL_MODES, type SslMode } from './schema.js';
import { isPlaceholder } from './check.js';

/** What a URL says of a server. */
export interface ServerUrl {
  readonly host: string;
  readonly port: number;
  /** The database's name on the server. */
  readonly db: string;
  readonly user: string;
  readonly sslmode?: SslMode;
  readonly sslrootcert?: string;
}

const FORM = 'postgres://USER@HOST:PORT/DATABASE';
const DEFAULT_PORT = 5432;

/**
 * Reads libpq's URL of a server, as far as a config can hold it: `postgres://root@db1:5432/shop?sslmode=require`. Names
 * with other characters than letters and digits are percent-encoded. Without a port it is 5432.
 * @returns the faults, each completing the sentence "--src ...", when there are any; never with a password in them
 */
export function readServerUrl(text: string): ServerUrl | { readonly faults: readonly string[] } {
  if (!/^postgres(ql)?:\/\//.test(text)) return { faults: [`wants a URL such as ${FORM}`] };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { faults: [`is not a URL of the form ${FORM}; in names, write %20 for a space, %40 for @, %2F for /`] };
  }
  const faults: string[] = [];
  const part = (what: string, encoded: string): string => {
    const value = decoded(encoded);
    if (value === undefined) faults.push(`has a % in the ${what} that encodes nothing; a % itself is %25`);
    else if (value === '') faults.push(`lacks the ${what}: ${FORM}`);
    else if (isPlaceholder(value)) faults.push(`has a placeholder for the ${what}`);
    return value ?? '';
  };
  if (url.password !== '') {
    faults.push(
      'holds a password, which other users of this machine can see in the list of processes: leave it out, and name an environment variable',
    );
  }
  const path = url.pathname.slice(1);
  if (path.includes('/')) faults.push('has more than a database after the server; in a name, write %2F for /');
  const server = {
    user: part('user', url.username),
    host: part('host', url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    db: part('database', path),
  };
  if (server.port === 0) faults.push('wants a port from 1 to 65535');
  const parameters = readParameters(url.searchParams, faults);
  return faults.length > 0 ? { faults } : { ...server, ...parameters };
}

function readParameters(given: URLSearchParams, faults: string[]): Pick<ServerUrl, 'sslmode' | 'sslrootcert'> {
  const { sslmode, sslrootcert, ...others } = Object.fromEntries(given);
  for (const name of Object.keys(others)) {
    faults.push(
      name === 'password'
        ? 'holds a password: leave it out, and name an environment variable'
        : `has the parameter ${JSON.stringify(name)}; a config can hold sslmode and sslrootcert`,
    );
  }
  const mode = SSL_MODES.find((one) => one === sslmode);
  if (sslmode !== undefined && mode === undefined) faults.push(`wants as sslmode one of ${SSL_MODES.join(', ')}`);
  return {
    ...(mode === undefined ? {} : { sslmode: mode }),
    ...(sslrootcert === undefined ? {} : { sslrootcert }),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
