import type { ConstraintName, NotValidConstraint } from '../postgres/catalog/constraints.js';
import { ident, literal, qualified } from '../postgres/quote.js';

/** One statement about a constraint. */
export interface ConstraintPart {
  readonly part: 'add' | 'comment';
  readonly sql: string;
  /** Changed by hand: what the catalog says does not tell whether it was run. */
  readonly edited: boolean;
}

/** What is compared with the destination. */
export type PlannedConstraint = ConstraintName & { readonly comment: string | null };

/** A NOT VALID constraint, with all that makes it. */
export interface ConstraintPlan {
  readonly constraint: PlannedConstraint;
  readonly parts: readonly ConstraintPart[];
}

/** The statements that make a constraint as it is. */
export function planConstraint(constraint: NotValidConstraint): ConstraintPlan {
  const { name, on, schema, relation, definition, comment } = constraint;
  const where = `${on === 'table' ? 'TABLE' : 'DOMAIN'} ${qualified(schema, relation)}`;
  return {
    constraint,
    parts: [
      { part: 'add', sql: `ALTER ${where} ADD CONSTRAINT ${ident(name)} ${definition}`, edited: false },
      ...(comment === null ? [] : [{ part: 'comment' as const, sql: commentStatement(constraint), edited: false }]),
    ],
  };
}

export function commentStatement({ name, on, schema, relation, comment }: PlannedConstraint): string {
  const where = `${on === 'table' ? '' : 'DOMAIN '}${qualified(schema, relation)}`;
  return `COMMENT ON CONSTRAINT ${ident(name)} ON ${where} IS ${literal(comment ?? '')}`;
}

/**
 * The statements that the destination still needs.
 * @param comment the comment of its constraint; undefined where there is no such constraint
 */
export function missingStatements({ constraint, parts }: ConstraintPlan, comment: string | null | undefined): string[] {
  const lacks = ({ part, edited }: ConstraintPart): boolean =>
    comment === undefined || (part === 'comment' && !edited && comment !== constraint.comment);
  return parts.filter(lacks).map(({ sql }) => sql);
}

/** ALTER TABLE ... DROP CONSTRAINT. */
export function dropConstraint({ name, on, schema, relation }: ConstraintName): string {
  return `ALTER ${on === 'table' ? 'TABLE' : 'DOMAIN'} ${qualified(schema, relation)} DROP CONSTRAINT ${ident(name)}`;
}
