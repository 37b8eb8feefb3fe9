import type { Session } from '../../postgres/session.js';
import { literal } from '../../postgres/quote.js';
import { defineKind } from '../kind.js';
import { some } from './statements.js';

/** Objects that do not move, but that objects that move cannot do without. */

interface Needed {
  /** As pg_identify_object() says it: `function`, `type`, `table`. */
  type: string;
  catalog: string;
  /** Quoted where it needs to be, as all that pg_identify_object() says. */
  schema: string;
  /** Qualified, with arguments where it has some. */
  identity: string;
  /** Some of what needs it. */
  by: string[];
}

/** The catalogs that an object outside may stand in, and the columns with its schema. */
const CATALOGS = {
  pg_class: 'relnamespace',
  pg_proc: 'pronamespace',
  pg_type: 'typnamespace',
  pg_operator: 'oprnamespace',
  pg_opclass: 'opcnamespace',
  pg_opfamily: 'opfnamespace',
  pg_collation: 'collnamespace',
  pg_conversion: 'connamespace',
  pg_ts_config: 'cfgnamespace',
  pg_ts_dict: 'dictnamespace',
  pg_ts_parser: 'prsnamespace',
  pg_ts_template: 'tmplnamespace',
} as const;

const own = Object.entries(CATALOGS).map(
  ([catalog, column]) =>
    `SELECT '${catalog}'::regclass::oid AS classid, o.oid AS objid FROM ${catalog} o JOIN ns ON ns.oid = o.${column}`,
);

/** What is a part of a relation that moves has rows of its own in pg_depend. */
const PARTS = {
  pg_rewrite: 'ev_class',
  pg_attrdef: 'adrelid',
  pg_trigger: 'tgrelid',
  pg_policy: 'polrelid',
  pg_statistic_ext: 'stxrelid',
} as const;

const parts = Object.entries(PARTS).map(
  ([catalog, column]) =>
    `SELECT '${catalog}'::regclass::oid AS classid, o.oid AS objid FROM ${catalog} o JOIN rel ON rel.oid = o.${column}`,
);

const NEEDED = `
  SELECT (i).type, catalog, (i).schema, (i).identity, by FROM (
    SELECT pg_identify_object(d.refclassid, d.refobjid, 0) AS i, d.refclassid::regclass::text AS catalog,
           (array_agg(DISTINCT pg_describe_object(d.classid, d.objid, 0)))[1:3] AS by
      FROM (${[...own, ...parts, `SELECT 'pg_constraint'::regclass::oid, o.oid FROM pg_constraint o JOIN ns ON ns.oid = o.connamespace`].join(' UNION ALL ')}) mine
      JOIN pg_depend d ON d.classid = mine.classid AND d.objid = mine.objid AND d.deptype IN ('n', 'a')
     WHERE d.refclassid::regclass::text IN (${Object.keys(CATALOGS).map(literal).join(', ')})
       AND NOT EXISTS (SELECT FROM member m WHERE m.classid = d.refclassid AND m.objid = d.refobjid)
       AND NOT EXISTS (SELECT FROM member m WHERE m.classid = mine.classid AND m.objid = mine.objid)
       -- An array of an extension's type, or the row type of its table.
       AND NOT EXISTS (SELECT FROM pg_depend p JOIN member m ON m.classid = p.refclassid AND m.objid = p.refobjid
                        WHERE p.classid = d.refclassid AND p.objid = d.refobjid AND p.deptype = 'i')
     GROUP BY d.refclassid, d.refobjid) found
   -- A foreign key needs the key's index; its table is named anyway.
   WHERE (i).type <> 'index' AND (i).schema IS NOT NULL AND (i).schema NOT IN (SELECT quote_ident(nspname) FROM ns) AND (i).schema NOT LIKE 'pg\\_t%'`;

/** Those of the objects that a database does not have. */
async function absent(session: Session, needed: readonly Needed[]): Promise<Needed[]> {
  if (needed.length === 0) return [];
  const wanted = new Map<string, Needed[]>();
  for (const one of needed) wanted.set(one.catalog, [...(wanted.get(one.catalog) ?? []), one]);
  const queries = Object.entries(CATALOGS)
    .filter(([catalog]) => wanted.has(catalog))
    .map(
      ([catalog, column]) =>
        `SELECT '${catalog}' AS catalog, (pg_identify_object('${catalog}'::regclass, o.oid, 0)).identity AS identity
           FROM ${catalog} o JOIN pg_namespace n ON n.oid = o.${column}
          WHERE quote_ident(n.nspname) = ANY ($1::text[])`,
    );
  const schemas = [...new Set(needed.map(({ schema }) => schema))];
  const rows = await session.query<Pick<Needed, 'catalog' | 'identity'>>(
    `SELECT catalog, identity FROM (${queries.join(' UNION ALL ')}) o WHERE identity = ANY ($2::text[])`,
    [schemas, needed.map(({ identity }) => identity)],
  );
  const there = new Set(rows.map(({ catalog, identity }) => `${catalog} ${identity}`));
  return needed.filter(({ catalog, identity }) => !there.has(`${catalog} ${identity}`));
}

const outside = defineKind<Needed>({
  code: 'outside-object-missing',
  severity: 'fail',
  means:
    'An object of the schema needs a table, type, function, sequence or the like of a schema that does not move, and the destination does not have it.',
  accept: 'setup goes on, and fails where that object is loaded; nothing of the schema is loaded then.',
  schemaOnly: true,
  src: () => `${NEEDED} AND catalog <> 'pg_collation' ORDER BY 4`,
  judge: async ({ dst }, { src }) =>
    (await absent(dst.session, src)).map(({ type, schema, identity, by }) => ({
      side: 'dst',
      object: `${type} ${identity}`,
      problem: `is not there, and ${some(by, 1)} needs it; schema ${schema} does not move`,
      remedy:
        'Make it on the destination, or let its schema move as well ("schema_name" in the config). ' +
        `For instance: pg_dump --schema-only --schema=${literal(schema).trim()} of the source, loaded into the destination.`,
    })),
});

const collation = defineKind<Needed>({
  code: 'collation-missing',
  severity: 'fail',
  means:
    'Columns or indexes of the schema have a collation that the destination does not have: its machine lacks the locale.',
  accept: 'setup goes on, and fails where the collation is needed; nothing of the schema is loaded then.',
  schemaOnly: true,
  src: () => `${NEEDED} AND catalog = 'pg_collation' ORDER BY 4`,
  judge: async ({ dst }, { src }) =>
    (await absent(dst.session, src)).map(({ identity, by }) => ({
      side: 'dst',
      object: `collation ${identity}`,
      problem: `is not there, and ${some(by, 1)} needs it`,
      remedy:
        "Install the locale on the destination's machine, then, as root: SELECT pg_import_system_collations('pg_catalog');",
    })),
});

const type = defineKind<{ name: string; column: string }, { names: string[] }>({
  code: 'type-missing',
  severity: 'fail',
  means: "A column of the schema is of a built-in type that the destination's PostgreSQL does not have.",
  accept: 'setup goes on, and fails where the type is needed; nothing of the schema is loaded then.',
  schemaOnly: true,
  src: () =>
    `SELECT DISTINCT ON (b.typname) b.typname AS name, rel.object || '.' || quote_ident(a.attname) AS column
       FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
       JOIN pg_type y ON y.oid = a.atttypid
       JOIN pg_type b ON b.oid = CASE WHEN y.typcategory = 'A' THEN y.typelem ELSE y.oid END
      WHERE b.typnamespace = 'pg_catalog'::regnamespace ORDER BY b.typname, 2`,
  dst: () =>
    `SELECT array_agg(typname) AS names FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typcategory <> 'A'`,
  judge: (_, { src, dst }) => {
    const there = new Set(dst.flatMap(({ names }) => names));
    return src
      .filter(({ name }) => !there.has(name))
      .map(({ name, column }) => ({
        side: 'dst',
        object: `type ${name}`,
        problem: `is unknown to the server, and column ${column} is of it`,
        remedy: 'Give the column another type on the source, or take a newer PostgreSQL for the destination.',
      }));
  },
});

export const OUTSIDE_KINDS = [outside, collation, type];
