import { RefusedError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import { describeAddress } from '../failures.js';
import type { ObjectName, Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/** What belt counts as an object of that kind: without members of extensions and temporary ones. $1 schemas, $2 kinds. */
const NAMES = `
SELECT n.nspname::text AS schema, c.relname::text AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY ($1::text[]) AND c.relkind = ANY ($2::text[]) AND c.relpersistence <> 't'
   AND NOT EXISTS (SELECT FROM pg_depend d
                   WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')`;

const KINDS = { table: ['r', 'p', 'f'], sequence: ['S'] } as const;

/**
 * Finds the objects that the config (or an option) names, with or without their schemas.
 * @returns an empty list, without a question to the server, when none is wanted
 * @throws RefusedError naming all that are not there, each with the name that comes nearest, and all that are in several
 *   of the schemas
 */
export async function resolveNames(
  session: Session,
  kind: 'table' | 'sequence',
  schemas: Schemas,
  wanted: readonly string[],
): Promise<ObjectName[]> {
  if (wanted.length === 0) return [];
  const candidates = await session.query<ObjectName>(NAMES, [schemas.names, KINDS[kind]]);
  const texts = [...new Set(wanted)];
  const found = texts.map((text) => ({ text, objects: schemas.find(text, candidates) }));
  const missing = found.filter(({ objects }) => objects.length === 0).map(({ text }) => text);
  const ambiguous = found.filter(({ objects }) => objects.length > 1);
  const where = describeAddress(session.address);
  const faults = [
    ...(missing.length === 0 ? [] : [lacking(kind, schemas, missing, candidates)]),
    ...ambiguous.map(({ text, objects }) => ambiguousWords(text, objects, schemas)),
  ];
  if (faults.length === 0) return found.flatMap(({ objects }) => objects);
  throw new RefusedError(`${where}: ${faults.join('; ')}`, {
    hint: hint(kind, schemas, { missing: missing.length > 0, none: candidates.length === 0 }),
    detail: {
      side: session.address.side,
      schema: schemas.text,
      missing,
      ...(ambiguous.length === 0 ? {} : { ambiguous: ambiguous.map(({ text }) => text) }),
    },
  });
}

/** `"orders" is in more than one schema: sales.orders, stock.orders`. */
function ambiguousWords(text: string, objects: readonly ObjectName[], schemas: Schemas): string {
  return `"${text}" is in more than one schema: ${objects.map((one) => schemas.label(one)).join(', ')}`;
}

function lacking(
  kind: string,
  schemas: Schemas,
  missing: readonly string[],
  candidates: readonly ObjectName[],
): string {
  const labels = candidates.map((one) => schemas.label(one));
  const described = missing.map((text) => {
    const near = nearest(text, labels);
    return `"${text}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`;
  });
  const plural = missing.length === 1 ? `${kind} is` : `${kind}s are`;
  return `${String(missing.length)} ${plural} not in ${schemas.words}: ${described.join(', ')}`;
}

function hint(kind: string, schemas: Schemas, { missing, none }: { missing: boolean; none: boolean }): string {
  if (none) {
    const words = schemas.words.replace(/^s/, 'S');
    return `${words} ${schemas.names.length === 1 ? 'holds' : 'hold'} no ${kind}: check "schema_name" in the config.`;
  }
  if (!missing) return `Write the schema before the name in the config ("${kind}s"): schema.${kind}.`;
  const spelling = schemas.qualify
    ? `upper and lower case count; write schema.${kind} where schemas have the same name`
    : 'upper and lower case count, quotes and the schema do not belong to them';
  return `Check the names in the config ("${kind}s"): ${spelling}.`;
}
