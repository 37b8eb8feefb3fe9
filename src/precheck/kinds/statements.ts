import { ident, literal } from '../../postgres/quote.js';

/** An option of a foreign server or user mapping, as the catalog has it: `host=db1`. */
export interface Option {
  readonly name: string;
  readonly value: string;
}

/** The catalog's options of something as JSON, under the name `options`. */
export function optionsOf(column: string): string {
  return `coalesce((SELECT json_agg(json_build_object('name', option_name, 'value', option_value))
                      FROM pg_options_to_table(${column})), '[]') AS options`;
}

/** Names of options whose values nobody else should see. */
const SECRET = /pass|secret|token|key|credential/i;

/** ` OPTIONS (host 'db1', password '...')`, secrets left out; nothing where there are none. */
export function optionsClause(options: readonly Option[]): string {
  if (options.length === 0) return '';
  const list = options.map(({ name, value }) => `${ident(name)} ${literal(SECRET.test(name) ? '...' : value)}`);
  return ` OPTIONS (${list.join(', ')})`;
}

/** A setting as ALTER ... SET takes it. Settings that are lists hold their quotes already. Source: pg_dump's makeAlterConfigCommand. */
export function settingClause(name: string, value: string): string {
  if (LISTS.has(name.toLowerCase())) return `SET ${ident(name)} = ${value}`;
  // What an application made up may be anything, so a secret too.
  return `SET ${name.split('.').map(ident).join('.')} = ${name.includes('.') ? "'...'" : literal(value)}`;
}

/** Settings whose value is a list of names, each quoted where it needs to be. */
const LISTS: ReadonlySet<string> = new Set([
  'search_path',
  'temp_tablespaces',
  'session_preload_libraries',
  'local_preload_libraries',
  'output_plugin_libraries',
]);

/** The first few of many, and how many more there are. */
export function some(names: readonly string[], most = 5): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

/** `1 table`, `3 tables`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
