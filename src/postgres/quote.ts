/** All quoting of names and values for SQL text. Nothing else in belt puts a name between quotes. */

/**
 * A name as an SQL identifier, always quoted, so that case, spaces, quotes and reserved words survive.
 * @throws RangeError when the name holds a NUL character, which PostgreSQL cannot store
 */
export function ident(name: string): string {
  if (name.includes('\0')) throw new RangeError('an identifier cannot contain a NUL character');
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name with its schema, both quoted: `"shop"."Order Details"`. */
export function qualified(schema: string, name: string): string {
  return `${ident(schema)}.${ident(name)}`;
}

/**
 * A value as an SQL string literal, for the few statements that take no parameters (utility statements).
 * Uses the E'' form when there is a backslash, so that it holds whatever standard_conforming_strings says.
 */
export function literal(value: string): string {
  if (value.includes('\0')) throw new RangeError('a literal cannot contain a NUL character');
  const quoted = `'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return value.includes('\\') ? ` E${quoted}` : quoted;
}
