import { ident } from '../../postgres/quote.js';
import { defineKind } from '../kind.js';
import { some } from './statements.js';

/** The first PostgreSQL that builds indexes and refreshes views with a search_path of its own. Source: its release notes. */
const FIRST_MAJOR = 17;

interface Called {
  /** With schema and arguments. */
  function: string;
  schema: string;
  /** The indexes and materialized views that call it. */
  by: string[];
}

/** Functions whose bodies are texts that are read anew at each call, and that have no search_path of their own. */
export const boundToPath = defineKind<Called>({
  code: 'search-path-of-maintenance',
  severity: 'warn',
  means:
    'An index or a materialized view calls a function without a search_path of its own. From PostgreSQL 17 on it runs with pg_catalog and pg_temp alone, so that what its body does not name with a schema is not found.',
  src: ({ major }) =>
    `SELECT format('%I.%I(%s)', pn.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS function, pn.nspname AS schema,
            array_agg(DISTINCT o.what) AS by
       FROM (SELECT 'index ' || quote_ident(ci.relname) AS what, 'pg_class'::regclass AS classid, ci.oid AS objid
               FROM pg_index i JOIN rel ON rel.oid = i.indrelid JOIN pg_class ci ON ci.oid = i.indexrelid
              WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
             UNION ALL SELECT 'materialized view ' || quote_ident(rel.relname), 'pg_rewrite'::regclass, w.oid
               FROM pg_rewrite w JOIN rel ON rel.oid = w.ev_class AND rel.relkind = 'm') o
       JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.objid AND d.refclassid = 'pg_proc'::regclass
       JOIN pg_proc p ON p.oid = d.refobjid
       JOIN pg_namespace pn ON pn.oid = p.pronamespace AND pn.nspname <> 'pg_catalog'
       JOIN pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c')
      WHERE NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search\\_path=%')
        ${major >= 14 ? 'AND p.prosqlbody IS NULL' : ''}
        AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
      GROUP BY p.oid, pn.nspname ORDER BY 1`,
  judge: ({ dst: { session } }, { src }) =>
    session.major < FIRST_MAJOR
      ? []
      : src.map(({ function: name, schema, by }) => ({
          side: 'src',
          object: `function ${name}`,
          problem: `is called by ${some(by)}, which PostgreSQL ${session.major} makes with a search_path of its own: what its body does not name with a schema is not found`,
          remedy: `If its body counts on search_path: ALTER FUNCTION ${name} SET search_path = ${ident(schema)}, pg_temp; before setup, or on both sides.`,
        })),
});
