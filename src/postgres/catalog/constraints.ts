import type { Schemas } from '../schemas.js';
import type { Session } from '../session.js';

/** What a constraint is called in the database. */
export interface ConstraintName {
  /** What it stands on: a table (or partition), or a domain. */
  readonly on: 'table' | 'domain';
  readonly schema: string;
  readonly relation: string;
  readonly name: string;
}

/** A constraint that is not enforced for the rows that were there before it: NOT VALID. */
export interface NotValidConstraint extends ConstraintName {
  readonly oid: number;
  /** `CHECK ((id > 0)) NOT VALID`, every name qualified. */
  readonly definition: string;
  readonly comment: string | null;
}

const SOURCE = `
  FROM pg_constraint c
  LEFT JOIN pg_class r ON r.oid = c.conrelid
  LEFT JOIN pg_type t ON t.oid = c.contypid
  JOIN pg_namespace n ON n.oid = coalesce(r.relnamespace, t.typnamespace) AND n.nspname = ANY ($1::text[])
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.objid = coalesce(r.oid, t.oid)
          AND d.classid = CASE WHEN r.oid IS NULL THEN 'pg_type'::regclass ELSE 'pg_class'::regclass END)`;

/**
 * The schemas' NOT VALID constraints, of partitions, children and domains too; without those that come with a parent's.
 * Children stand before parents, so that a constraint that both have is merged as it was on the source.
 */
export async function notValidConstraints(session: Session, schemas: Schemas): Promise<NotValidConstraint[]> {
  return session.query<NotValidConstraint>(
    `SELECT c.oid::int8::float8 AS oid, c.conname AS name, CASE WHEN r.oid IS NULL THEN 'domain' ELSE 'table' END AS "on",
            n.nspname::text AS schema, coalesce(r.relname, t.typname) AS relation, pg_get_constraintdef(c.oid) AS definition,
            obj_description(c.oid, 'pg_constraint') AS comment
     ${SOURCE} AND NOT c.convalidated AND c.conislocal AND c.conparentid = 0
     ORDER BY EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.conrelid) DESC,
              EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.conrelid), schema, relation, name`,
    [schemas.names],
  );
}

/** All constraints of the schemas' tables and domains, by constraintKey(), with their comments. */
export async function constraintComments(session: Session, schemas: Schemas): Promise<Map<string, string | null>> {
  const rows = await session.query<ConstraintName & { comment: string | null }>(
    `SELECT CASE WHEN r.oid IS NULL THEN 'domain' ELSE 'table' END AS "on", n.nspname::text AS schema, coalesce(r.relname, t.typname) AS relation,
            c.conname AS name, obj_description(c.oid, 'pg_constraint') AS comment ${SOURCE}`,
    [schemas.names],
  );
  return new Map(rows.map((row) => [constraintKey(row), row.comment]));
}

/** A constraint's identity, as a key of a Map. */
export function constraintKey({ on, schema, relation, name }: ConstraintName): string {
  return JSON.stringify([on, schema, relation, name]);
}
