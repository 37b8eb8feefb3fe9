import type pg from 'pg';
import { CATALOGS, identify, type Catalog } from './catalogs.js';

/** What is to be read of a database. */
export interface Scope {
  /** Schemas whose objects count; objects that belong to no schema (casts, extensions, ...) count always. */
  readonly schemas: readonly string[];
  /** Roles whose privileges do not count. */
  readonly ignoredRoles: readonly string[];
  /** Privileges that do not count: those that only one of the two servers knows. */
  readonly ignoredPrivileges: readonly string[];
}

/** All that a database says of its objects: by `catalog identity`, the facts by column. */
export type Facts = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Objects with smaller oids came with the server. */
const FIRST_OWN_OID = 16384;

interface CatalogColumn {
  readonly catalog: string;
  readonly column: string;
  readonly type: string;
  /** The catalog that it refers to by oid. */
  readonly refers: string | null;
  readonly array: boolean;
}

/** Reads the catalogs. The session's search_path must be `pg_catalog` alone. */
export async function readFacts(client: pg.ClientBase, scope: Scope): Promise<Facts> {
  const columns = await readColumns(client);
  const found = new Map<string, Record<string, unknown>>();
  const own = CATALOGS.map((catalog) => factsQuery(catalog, columns.get(catalog.name) ?? [], scope));
  for (const sql of [...own, commentsQuery(columns, scope), dependenciesQuery(columns, scope)]) {
    const { rows } = await client.query<{ kind: string; identity: string; facts: Record<string, unknown> }>(sql);
    for (const { kind, identity, facts } of rows) found.set(unused(found, `${kind} ${identity}`), facts);
  }
  return found;
}

/** Two objects of the same name must not hide each other. */
function unused(found: ReadonlyMap<string, unknown>, key: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? key : `${key} (${String(n)})`;
    if (!found.has(name)) return name;
  }
}

/** The columns of all catalogs, and what they refer to. */
async function readColumns(client: pg.ClientBase): Promise<Map<string, CatalogColumn[]>> {
  const { rows } = await client.query<CatalogColumn>(
    `SELECT r.relname AS catalog, a.attname AS column, format_type(a.atttypid, NULL) AS type, f.pktable::text AS refers,
            coalesce(f.is_array, false) AS array
       FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_get_catalog_foreign_keys() f
              ON f.fktable = r.oid AND f.fkcols = ARRAY[a.attname::text] AND f.pkcols = ARRAY['oid']
      WHERE r.relnamespace = 'pg_catalog'::regnamespace AND r.relname = ANY ($1) ORDER BY r.relname, a.attnum`,
    [CATALOGS.map(({ name }) => name)],
  );
  const columns = new Map<string, CatalogColumn[]>();
  for (const row of rows) columns.set(row.catalog, [...(columns.get(row.catalog) ?? []), row]);
  return columns;
}

const list = (values: readonly string[]): string =>
  `ARRAY[${values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')}]::text[]`;

/** The rows of a catalog that count, with `c` for the row. */
function fromCatalog({ name, join = '', namespace, owner, where }: Catalog, hasOid: boolean, scope: Scope): string {
  const [ownerCatalog, ownerOid] = owner ?? [name, 'c.oid'];
  const conditions = [
    ...(hasOid ? [`c.oid >= ${String(FIRST_OWN_OID)}`] : []),
    ...(namespace === undefined
      ? []
      : // What belongs to no schema counts.
        [
          `coalesce((SELECT n.nspname FROM pg_namespace n WHERE n.oid = ${namespace}) = ANY (${list(scope.schemas)}), true)`,
        ]),
    `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${ownerCatalog}'::regclass AND d.objid = ${ownerOid} AND d.deptype = 'e')`,
    ...(where === undefined ? [] : [where]),
  ];
  return `FROM ${name} c ${join} WHERE ${conditions.join(' AND ')}`;
}

function factsQuery(catalog: Catalog, columns: readonly CatalogColumn[], scope: Scope): string {
  const ignore = new Set([...(catalog.ignore ?? []), 'oid']);
  const hasOid = columns.some(({ column }) => column === 'oid');
  const replaced: string[] = [];
  for (const { column, type, refers, array } of columns) {
    const value = `c.${column}`;
    if (ignore.has(column)) continue;
    // A tree of nodes is full of oids; what it stands for is among the further facts, as text.
    if (type === 'pg_node_tree') ignore.add(column);
    else if (type === 'aclitem[]') replaced.push(`'${column}', ${grants(value, catalog, scope)}`);
    else if (refers !== null && array) {
      replaced.push(
        `'${column}', ARRAY(SELECT ${identify(refers, 'u.o')} FROM unnest(${value}::oid[]) WITH ORDINALITY u(o, place) ORDER BY place)`,
      );
    } else if (refers !== null) replaced.push(`'${column}', ${identify(refers, `${value}::oid`)}`);
    // The server itself notes pg_attver among the options of a column; it is another in every database.
    else if (column === 'attoptions')
      replaced.push(`'${column}', ARRAY(SELECT o FROM unnest(${value}) o WHERE o NOT LIKE 'pg\\_attver=%')`);
  }
  for (const [name, sql] of Object.entries(catalog.facts ?? {})) replaced.push(`'${name}', ${sql}`);
  const identity = catalog.identity ?? identify(catalog.name, 'c.oid');
  const facts = `to_jsonb(c) - ${list([...ignore])}${chunks(replaced)}`;
  return `SELECT '${catalog.name}' AS kind, ${identity} AS identity, jsonb_strip_nulls(${facts}) AS facts
            ${fromCatalog(catalog, hasOid, scope)} ORDER BY 2`;
}

/** A function takes a hundred arguments at most. */
function chunks(pairs: readonly string[]): string {
  const parts: string[] = [];
  for (let start = 0; start < pairs.length; start += 40) {
    parts.push(` || jsonb_build_object(${pairs.slice(start, start + 40).join(', ')})`);
  }
  return parts.join('');
}

/** Privileges in words. No list at all means those that an object has by nature. */
function grants(value: string, { acl }: Catalog, { ignoredRoles, ignoredPrivileges }: Scope): string {
  const all = acl === undefined || acl[0] === 'NULL' ? value : `coalesce(${value}, acldefault(${acl[0]}, ${acl[1]}))`;
  const entry = `format('%s: %s%s by %s', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END,
    privilege_type, CASE WHEN is_grantable THEN ' with grant option' ELSE '' END, pg_get_userbyid(grantor))`;
  return `ARRAY(SELECT ${entry} FROM aclexplode(${all})
                 WHERE (grantee = 0 OR pg_get_userbyid(grantee) <> ALL (${list(ignoredRoles)}))
                   AND privilege_type <> ALL (${list(ignoredPrivileges)}) ORDER BY 1)`;
}

/** Catalog and oid of everything in scope that has an oid. */
function objects(columns: ReadonlyMap<string, readonly CatalogColumn[]>, scope: Scope): string {
  return CATALOGS.filter(({ name }) => columns.get(name)?.some(({ column }) => column === 'oid'))
    .map(
      (catalog) =>
        `SELECT '${catalog.name}'::regclass::oid AS classid, c.oid AS objid ${fromCatalog(catalog, true, scope)}`,
    )
    .join(' UNION ALL ');
}

function commentsQuery(columns: ReadonlyMap<string, readonly CatalogColumn[]>, scope: Scope): string {
  return `WITH o AS (${objects(columns, scope)})
    SELECT 'comment on' AS kind, i.type || ' ' || i.identity AS identity, jsonb_build_object('text', d.description) AS facts
      FROM pg_description d JOIN o ON o.classid = d.classoid AND o.objid = d.objoid,
           LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    UNION ALL
    SELECT 'security label on', i.type || ' ' || i.identity || ' by ' || d.provider, jsonb_build_object('text', d.label)
      FROM pg_seclabel d JOIN o ON o.classid = d.classoid AND o.objid = d.objoid,
           LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i ORDER BY 2`;
}

/** What goes with what: a sequence with its column, a function with an extension. Normal ones follow from definitions. */
function dependenciesQuery(columns: ReadonlyMap<string, readonly CatalogColumn[]>, scope: Scope): string {
  return `WITH o AS (${objects(columns, scope)})
    SELECT 'dependency of' AS kind, format('%s %s on %s %s', i.type, i.identity, j.type, j.identity) AS identity,
           jsonb_build_object('kind', string_agg(d.deptype::text, ', ' ORDER BY d.deptype)) AS facts
      FROM pg_depend d JOIN o USING (classid, objid),
           LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i,
           LATERAL pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) j
     WHERE d.deptype IN ('a', 'i', 'x') GROUP BY 2 ORDER BY 2`;
}
