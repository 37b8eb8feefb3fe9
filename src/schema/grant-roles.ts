import { absentRoles, type NamedRole } from '../postgres/catalog/grants.js';
import { RefusedError } from '../errors.js';
import { ident } from '../postgres/quote.js';
import type { Pair } from '../pair/pair.js';
import { sourceOrigin, type SchemaOrigin } from './origin.js';

export interface MissingRole extends NamedRole {
  /** The statement that makes it. A password has to be set by hand. */
  readonly statement: string;
}

/** Roles that the schema's privileges and policies name on the source and that the destination does not have. */
export async function missingGrantRoles(pair: Pair, origin: SchemaOrigin = sourceOrigin(pair)): Promise<MissingRole[]> {
  const [named, dst] = await Promise.all([origin.roles(), pair.dst.root()]);
  const absent = new Set(
    await absentRoles(
      dst,
      named.map(({ role }) => role),
    ),
  );
  // The destination's owner takes the place of the source's.
  absent.delete(await origin.owner());
  return named
    .filter(({ role }) => absent.has(role))
    .map((one) => ({ ...one, statement: `CREATE ROLE ${ident(one.role)} ${one.canLogin ? 'LOGIN' : 'NOLOGIN'};` }));
}

/** @throws RefusedError with the statements to run when missingGrantRoles() finds any */
export async function requireGrantRoles(pair: Pair, origin: SchemaOrigin = sourceOrigin(pair)): Promise<void> {
  const missing = await missingGrantRoles(pair, origin);
  if (missing.length === 0) return;
  const schemas = await pair.schemas();
  const names = missing.map(({ role, usedBy }) => `"${role}" (${usedBy[0] ?? ''})`).join(', ');
  throw new RefusedError(
    `the ${pair.dst.toString()} lacks roles that privileges or policies of ${schemas.words} name: ${names}`,
    {
      hint: `Create them on the destination server, then run the same command again:\n${missing.map((one) => one.statement).join('\n')}`,
      detail: { side: 'dst', roles: missing.map(({ role }) => role), statements: missing.map((one) => one.statement) },
    },
  );
}
