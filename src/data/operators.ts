import type { Table } from '../postgres/catalog/tables.js';
import { ident } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';

/** Gives the equality operator for a column's type, for use between two operands. */
export type Equals = (typeOid: number) => string;

/** Types from this OID on are made by users and extensions. Source: FirstNormalObjectId in access/transam.h. */
const FIRST_USER_OID = 16_384;

/**
 * Reads the equality operators that indexes use for types of extensions (citext, for instance). The search path does
 * not show them, and without them PostgreSQL would compare such values as another type, past the index.
 */
export async function readEquality(session: Session, tables: readonly Table[]): Promise<Equals> {
  const oids = new Set(tables.flatMap(({ columns }) => columns.map(({ typeOid }) => typeOid)));
  const own = [...oids].filter((oid) => oid >= FIRST_USER_OID);
  if (own.length === 0) return () => '=';
  const rows = await session.query<{ type: number; schema: string; operator: string }>(
    `SELECT t.oid AS type, n.nspname AS schema, o.oprname AS operator
     FROM pg_type t
     JOIN pg_opclass c ON c.opcintype = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END AND c.opcdefault
     JOIN pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
     JOIN pg_amop a ON a.amopfamily = c.opcfamily AND a.amoplefttype = c.opcintype AND a.amoprighttype = c.opcintype
                   AND a.amopstrategy = 3
     JOIN pg_operator o ON o.oid = a.amopopr
     JOIN pg_namespace n ON n.oid = o.oprnamespace
     WHERE t.oid = ANY ($1::oid[])`,
    [own],
  );
  const operators = new Map(rows.map(({ type, schema, operator }) => [type, `OPERATOR(${ident(schema)}.${operator})`]));
  return (typeOid) => operators.get(typeOid) ?? '=';
}
