import type { Address } from './session.js';

/** libpq connection strings (`host=... dbname=...`), as pglogical and the client tools read them. */

/**
 * Builds a connection string from keywords and values; values are quoted as libpq wants, so any character may stand in
 * them. Keys whose value is undefined are left out.
 * Source: PostgreSQL documentation, "Keyword/Value Connection Strings".
 */
export function conninfo(parameters: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(parameters)
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(([key, value]) => `${key}=${quoteValue(String(value))}`)
    .join(' ');
}

/** What libpq needs to connect to an address, the password included; so it must never be shown unasked. */
export function addressConninfo(address: Address): string {
  return conninfo({
    host: address.host,
    hostaddr: address.hostaddr,
    port: address.port,
    dbname: address.database,
    user: address.user,
    password: address.password,
    sslmode: address.ssl.mode,
    sslrootcert: address.ssl.rootcert,
  });
}

function quoteValue(value: string): string {
  if (/^[\w./:-]+$/.test(value)) return value;
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * Takes a connection string apart, as libpq does.
 * @returns its keywords and values; null when it is none (a URL, or broken), which only libpq can judge
 */
export function parseConninfo(text: string): Record<string, string> | null {
  const parts: Record<string, string> = {};
  // Its spaces are those of ASCII: others, which \s has as well, are a part of the value.
  const pair = /[ \t-\r]*(\w+)[ \t-\r]*=[ \t-\r]*(?:'((?:\\.|[^'\\])*)'|((?:\\.|[^ \t-\r'\\])*))(?=[ \t-\r]|$)/gsy;
  const whole = text.replace(/[ \t-\r]+$/, '');
  while (pair.lastIndex < whole.length) {
    const found = pair.exec(whole);
    if (found === null) return null;
    const [, key = '', quoted, bare = ''] = found;
    parts[key] = (quoted ?? bare).replaceAll(/\\(.)/gs, '$1');
  }
  return parts;
}
