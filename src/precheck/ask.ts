import { QueryError, type SideName } from '../errors.js';
import type { Session } from '../postgres/session.js';
import type { AnyKind, QueryContext } from './kind.js';

/** What the kinds' queries build upon: the schemas that move, what extensions made, and the relations that move. */
const COMMON = `
  ns AS MATERIALIZED (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ($1::text[])),
  own_role AS MATERIALIZED (SELECT oid, rolname FROM pg_roles WHERE rolname = ANY ($2::text[])),
  member AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  rel AS MATERIALIZED (
    SELECT c.*, ns.nspname, format('%I.%I', ns.nspname, c.relname) AS object
      FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
     WHERE c.relpersistence <> 't'
       AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid))`;

export interface Asked {
  /** The rows of each kind's query, by code. */
  readonly rows: ReadonlyMap<string, readonly object[]>;
  /** Why a kind's query could not be asked, by code. */
  readonly failed: ReadonlyMap<string, string>;
}

/**
 * Asks one side for all the kinds at once. Where the server refuses the statement, each is asked alone, so that what one
 * may not read hides nothing else.
 * @param schemas those that move
 * @param roles belt's own on that side
 */
export async function ask(
  session: Session,
  side: SideName,
  kinds: readonly AnyKind[],
  { schemas, roles, context }: { schemas: readonly string[]; roles: readonly string[]; context: QueryContext },
): Promise<Asked> {
  const queries = kinds.flatMap(({ code, [side]: query }) => {
    const sql = query?.(context) ?? null;
    return sql === null ? [] : [{ code, sql }];
  });
  const run = (some: typeof queries): Promise<{ code: string; row: object }[]> => {
    const parts = some.map(({ code, sql }) => `SELECT '${code}' AS code, to_jsonb(q) AS row FROM (${sql}) q`);
    return session.query(`WITH ${COMMON}\n${parts.join('\nUNION ALL\n')}`, [schemas, roles]);
  };
  const rows = new Map<string, object[]>();
  const failed = new Map<string, string>();
  const keep = (answers: readonly { code: string; row: object }[]): void => {
    for (const { code, row } of answers) rows.set(code, [...(rows.get(code) ?? []), row]);
  };
  if (queries.length === 0) return { rows, failed };
  try {
    keep(await run(queries));
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    for (const query of queries) {
      try {
        keep(await run([query]));
      } catch (reason) {
        if (!(reason instanceof QueryError)) throw reason;
        failed.set(query.code, reason.message);
      }
    }
  }
  return { rows, failed };
}
