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

/** One of those, or a CHECK that is valid on the source and may not be true of all rows any more. */
export interface LateConstraint extends NotValidConstraint {
  readonly valid: boolean;
}

const SOURCE = `
  FROM pg_constraint c
  LEFT JOIN pg_class r ON r.oid = c.conrelid
  LEFT JOIN pg_type t ON t.oid = c.contypid
  JOIN pg_namespace n ON n.oid = coalesce(r.relnamespace, t.typnamespace) AND n.nspname = ANY ($1::text[])
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.objid = coalesce(r.oid, t.oid)
          AND d.classid = CASE WHEN r.oid IS NULL THEN 'pg_type'::regclass ELSE 'pg_class'::regclass END)`;

const CHILDREN_FIRST = `
     ORDER BY EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.conrelid) DESC,
              EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.conrelid), schema, relation, name`;

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
     ${CHILDREN_FIRST}`,
    [schemas.names],
  );
}

/**
 * Whether a valid CHECK (of pg_constraint, by its alias) may be false for rows that are there: what it calls is not
 * immutable (`now()`), or is written in a language in which it may say so and not be it. PostgreSQL does not look again;
 * a copy of the rows, and every change that is replicated, does. What a CHECK calls the catalog does not say for built-in
 * functions, so it is read from the expression's tree, in which a call is `:funcid 1299`.
 */
export function mayHaveBecomeFalse(alias: string): string {
  return `(${alias}.contype = 'c' AND ${alias}.convalidated AND (
    ${alias}.conbin::text ~ '\\{(SQLVALUEFUNCTION|NEXTVALUEEXPR) '
    OR EXISTS (SELECT FROM regexp_matches(${alias}.conbin::text, ':(?:funcid|opfuncid) (\\d+)', 'g') AS called(ids)
                 JOIN pg_proc f ON f.oid = called.ids[1]::oid JOIN pg_language l ON l.oid = f.prolang
                WHERE f.provolatile <> 'i' OR l.lanname NOT IN ('internal', 'c'))))`;
}

/**
 * The schemas' constraints that the destination gets when the rows are in: NOT VALID ones, and CHECKs that may have
 * become false, which are made NOT VALID first. In the order of notValidConstraints().
 */
export async function lateConstraints(session: Session, schemas: Schemas): Promise<LateConstraint[]> {
  return session.query<LateConstraint>(
    `SELECT c.oid::int8::float8 AS oid, c.conname AS name, CASE WHEN r.oid IS NULL THEN 'domain' ELSE 'table' END AS "on",
            n.nspname::text AS schema, coalesce(r.relname, t.typname) AS relation, c.convalidated AS valid,
            pg_get_constraintdef(c.oid) || CASE WHEN c.convalidated THEN ' NOT VALID' ELSE '' END AS definition,
            obj_description(c.oid, 'pg_constraint') AS comment
     ${SOURCE} AND (NOT c.convalidated OR ${mayHaveBecomeFalse('c')}) AND c.conislocal AND c.conparentid = 0
     ${CHILDREN_FIRST}`,
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
