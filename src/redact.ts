import type { DatabaseConfig } from './config/schema.js';

/** Takes secrets out of a text that is to be shown. */
export type Redactor = (text: string) => string;

/** `password=...` in a connection string, quoted as libpq does or not; and in a URL, `//user:...@`. */
const CONNINFO_PASSWORD = /\bpassword\s*=\s*('(?:\\.|[^'\\])*'|[^ \t-\r']+)/gi;
const URL_PASSWORD = /(:\/\/[^\s:/@]*:)[^\s@]+@/g;

const SHORTEST = 4;

/**
 * A last line of defence: belt puts no secret into a message, but servers and tools may quote a connection string.
 * Hides the passwords of the config wherever they stand, and whatever looks like a password in a connection string.
 * Words that are also a name in the config (user "postgres", password "postgres") are not hidden by value: that would
 * make messages unreadable and hide nothing.
 */
export function makeRedactor(config: DatabaseConfig): Redactor {
  const sides = [config.src, config.dst].filter((side) => side !== null);
  const users = sides.flatMap((side) => [side.root_user, side.owner_user, side.pglogical_user]);
  const names = new Set([
    ...users.map(({ name }) => name),
    ...sides.flatMap(({ host, db }) => [host, db]),
    config.db,
    config.dc,
    ...[config.schema_name].flat(),
  ]);
  return redactorOf(users.map(({ pw }) => pw).filter((pw) => !names.has(pw)));
}

/** Hides these texts wherever they stand, but for very short ones, and whatever looks like a password in a connection string. */
export function redactorOf(secrets: readonly string[]): Redactor {
  const long = [...new Set(secrets)].filter((secret) => secret.length >= SHORTEST);
  const forms = [
    ...new Set(long.flatMap((pw) => [pw, pw.replaceAll('\\', '\\\\').replaceAll("'", "\\'"), encodeURIComponent(pw)])),
  ];
  // The longest first: one secret may contain another.
  forms.sort((a, b) => b.length - a.length);
  return (text) =>
    forms
      .reduce((result, form) => result.replaceAll(form, '***'), text.replace(CONNINFO_PASSWORD, 'password=***'))
      .replace(URL_PASSWORD, '$1***@');
}

/** Redacts every text in a value: PostgreSQL's and the tools' own messages may quote a connection string. */
export function redactDeep<T>(value: T, redact: Redactor): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactDeep(item, redact)) as T;
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactDeep(inner, redact)])) as T;
  }
  return value;
}
