/**
 * Parts of the statement that lists what schemas hold. It is one statement for all of them, a UNION of queries
 * that each give rows (schema, kind, object, parent, position, owner, lines, deferred, query); see InventoryRow in read.ts.
 * $1 are the schemas' names, $2 the role that owns what belt loads on this side, $3 roles whose grants do not count,
 * $4 whether objects are called with their schema.
 */

/** What a query of the union may go by. */
export interface QueryContext {
  /** Major version of the server. */
  readonly major: number;
  /** That of the server whose inventory it is compared with: what only one of the two knows does not count. */
  readonly otherMajor: number;
}

export type InventoryQuery = (context: QueryContext) => string;

/** A name that is no object's: the role that owns what belt loads, whatever it is called on a side. */
const OWNER = `'(owner)'`;

/** A role as it is called on both sides. */
export function role(oid: string, owner = '0'): string {
  return `CASE WHEN ${oid} = 0 THEN 'PUBLIC' WHEN ${oid} = ${owner} OR pg_get_userbyid(${oid}) = $2 THEN ${OWNER}
               ELSE quote_ident(pg_get_userbyid(${oid})) END`;
}

/**
 * The privileges on an object, a line for each role that has some. MAINTAIN came with PostgreSQL 17, where owners have it
 * by nature, so an owner's does not count.
 */
export function grants(acl: string, owner: string): string {
  return `ARRAY(SELECT 'granted to ' || who || ': ' || string_agg(DISTINCT what, ', ' ORDER BY what)
                  FROM (SELECT who, privilege_type || CASE WHEN is_grantable AND who <> ${OWNER} THEN ' with grant option'
                                                           ELSE '' END AS what
                          FROM aclexplode(${acl}) x, LATERAL (SELECT ${role('x.grantee', owner)} AS who) w
                         WHERE pg_get_userbyid(x.grantee) <> ALL ($3::text[])
                           AND NOT (who = ${OWNER} AND privilege_type = 'MAINTAIN')) g
                 GROUP BY who ORDER BY who)`;
}

/** An array of those lines that are not null. */
export function lines(...parts: readonly string[]): string {
  return `array_remove(ARRAY[${parts.join(', ')}]::text[], NULL)`;
}

/** A line that stands there only if the expression (text) is neither null nor empty. */
export function line(word: string, expression: string): string {
  return `'${word} ' || nullif((${expression})::text, '')`;
}

/** A line that stands there only where the condition holds. */
export function when(condition: string, text: string): string {
  return `CASE WHEN ${condition} THEN '${text}' END`;
}

export function comment(oid: string, catalog: string): string {
  return line('comment', `obj_description(${oid}, '${catalog}')`);
}

/** Whether an object was made by CREATE EXTENSION, and so is none of the schema's own. */
export function ofExtension(oid: string, catalog: string): string {
  return `EXISTS (SELECT FROM member m WHERE m.classid = '${catalog}'::regclass AND m.objid = ${oid})`;
}

interface Row {
  /** The name of its schema; `ns.nspname` when left out. */
  readonly schema?: string;
  readonly kind: string;
  readonly object: string;
  /** The relation (or domain) it is a part of, by its object. */
  readonly parent?: string;
  /** The place among the parent's parts. */
  readonly position?: string;
  /** Oid of the role that owns it. */
  readonly owner?: string;
  readonly lines: string;
  /** Whether it is made only after the data. */
  readonly deferred?: string;
  /** The text of a view, which PostgreSQL writes in another way from version to version. */
  readonly query?: string;
  /** FROM ... WHERE ... */
  readonly from: string;
}

/** One query of the union. */
export function select({ kind, object, lines: text, from, ...row }: Row): string {
  const owner = row.owner === undefined ? 'NULL' : role(row.owner);
  return `SELECT (${row.schema ?? 'ns.nspname'})::text, (${kind})::text, (${object})::text, (${row.parent ?? 'NULL'})::text, (${row.position ?? 'NULL'})::int,
                 (${owner})::text, (${text})::text[], ${row.deferred ?? 'false'}, (${row.query ?? 'NULL'})::text ${from}`;
}

/** What the queries of the union share: the schema, what extensions made, and the relations that somebody made. */
export const COMMON = `
  ns AS MATERIALIZED (
    SELECT oid, nspname, nspowner, nspacl, CASE WHEN $4 THEN quote_ident(nspname) || '.' ELSE '' END AS path
      FROM pg_namespace WHERE nspname = ANY ($1::text[])),
  member AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  rel AS MATERIALIZED (
    SELECT c.*, ns.nspname, ns.path, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                  WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
                  ELSE 'composite type' END AS kind, ns.path || quote_ident(c.relname) AS object
      FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND c.relpersistence <> 't'
       AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid))`;
