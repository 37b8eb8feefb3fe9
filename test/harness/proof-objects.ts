/**
 * What a schema holds, one query a kind of object. Each gives rows (identity, definition), both text, that must be the
 * same in a database and in its copy. $1 is the schema's name, $2 the roles whose grants do not count.
 */

export interface ObjectQuery {
  readonly kind: string;
  readonly sql: string;
  /** PostgreSQL's own words for the object changed between major versions, so text is compared within one only. */
  readonly sameMajorOnly?: boolean;
}

/** The relations of the schema that somebody made, with names for what they are. */
const RELATIONS = `
  SELECT c.*, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
                WHEN 'c' THEN 'composite type' ELSE c.relkind::text END AS kind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')`;

/** The entries of an access list; what the owner has by nature counts as written down. */
const ACL_ENTRIES = `
  format('%s: %s%s by %s', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
         privilege_type, CASE WHEN is_grantable THEN ' with grant option' ELSE '' END, pg_get_userbyid(grantor))`;

/** MAINTAIN came with PostgreSQL 17, where owners have it by nature. */
const ACL_COUNTS = `privilege_type <> 'MAINTAIN' AND (grantee = 0 OR pg_get_userbyid(grantee) <> ALL ($2::text[]))`;

function grants(kind: string, identity: string, from: string, acl: string): ObjectQuery {
  return {
    kind,
    sql: `SELECT ${identity} AS identity, string_agg(${ACL_ENTRIES}, E'\\n' ORDER BY ${ACL_ENTRIES}) AS definition
            FROM ${from}, LATERAL aclexplode(${acl}) WHERE ${ACL_COUNTS} AND $1::text IS NOT NULL GROUP BY 1`,
  };
}

export const OBJECT_QUERIES: readonly ObjectQuery[] = [
  {
    kind: 'schema',
    sql: `SELECT nspname::text AS identity, pg_get_userbyid(nspowner)::text AS definition FROM pg_namespace WHERE nspname = $1`,
  },
  {
    kind: 'relation',
    sql: `SELECT format('%s %I', kind, relname) AS identity,
                 concat_ws('; ', 'owner ' || pg_get_userbyid(relowner), 'persistence ' || relpersistence::text,
                   'replica identity ' || relreplident::text, 'row security ' || relrowsecurity || relforcerowsecurity,
                   'options ' || reloptions::text, 'partition key ' || pg_get_partkeydef(r.oid),
                   'bound ' || pg_get_expr(relpartbound, r.oid), 'of type ' || nullif(reloftype, 0)::regtype::text,
                   'populated ' || relispopulated,
                   (SELECT 'inherits ' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
                      FROM pg_inherits WHERE inhrelid = r.oid)) AS definition
            FROM (${RELATIONS}) r`,
  },
  {
    kind: 'column',
    // The server itself notes pg_attver among the options of a column; it is another in every database.
    sql: `SELECT format('%I.%I', relname, attname) AS identity,
                 concat_ws('; ', 'position ' || row_number() OVER (PARTITION BY attrelid ORDER BY attnum),
                   format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,
                   'collation ' || nullif(attcollation, 0)::regcollation::text,
                   'default ' || pg_get_expr(adbin, adrelid), 'identity ' || nullif(attidentity::text, ''),
                   'generated ' || nullif(attgenerated::text, ''), 'storage ' || attstorage::text,
                   'compression ' || nullif(attcompression::text, ''),
                   'statistics ' || coalesce(attstattarget, -1), 'options ' || nullif(ARRAY(SELECT o FROM unnest(attoptions) o WHERE o NOT LIKE 'pg\\_attver=%')::text, '{}')) AS definition
            FROM (${RELATIONS}) r JOIN pg_attribute a ON attrelid = r.oid
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
           WHERE attnum > 0 AND NOT attisdropped AND kind <> 'sequence'`,
  },
  {
    kind: 'index',
    sql: `SELECT format('%I on %I', i.relname, r.relname) AS identity,
                 concat_ws('; ', pg_get_indexdef(i.oid), 'owner ' || pg_get_userbyid(i.relowner),
                   'valid ' || indisvalid, 'ready ' || indisready, 'live ' || indislive, 'primary ' || indisprimary,
                   'unique ' || indisunique, 'immediate ' || indimmediate, 'clustered ' || indisclustered,
                   'replica identity ' || indisreplident,
                   (SELECT 'part of ' || string_agg(inhparent::regclass::text, ', ') FROM pg_inherits WHERE inhrelid = i.oid),
                   (SELECT 'statistics ' || string_agg(attnum || '=' || attstattarget, ',' ORDER BY attnum)
                      FROM pg_attribute WHERE attrelid = i.oid AND attstattarget >= 0)) AS definition
            FROM (${RELATIONS}) r JOIN pg_index ON indrelid = r.oid JOIN pg_class i ON i.oid = indexrelid`,
  },
  {
    kind: 'constraint',
    // Since PostgreSQL 18 there is one for each NOT NULL; the columns tell of those.
    sql: `SELECT format('%I on %s', conname, coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text)) AS identity,
                 concat_ws('; ', pg_get_constraintdef(k.oid), 'type ' || contype::text, 'validated ' || convalidated,
                   'deferrable ' || condeferrable, 'deferred ' || condeferred, 
                   CASE WHEN contype = 'c' THEN format('local %s; no inherit %s', conislocal, connoinherit) END) AS definition
            FROM pg_constraint k JOIN pg_namespace n ON n.oid = connamespace
           WHERE nspname = $1 AND contype NOT IN ('n', 't')`,
  },
  {
    kind: 'sequence',
    sql: `SELECT quote_ident(relname) AS identity,
                 concat_ws('; ', format_type(seqtypid, NULL), 'start ' || seqstart, 'increment ' || seqincrement,
                   'min ' || seqmin, 'max ' || seqmax, 'cache ' || seqcache, 'cycle ' || seqcycle,
                   (SELECT format('owned by %s.%I (%s)', refobjid::regclass, attname, deptype)
                      FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
                     WHERE classid = 'pg_class'::regclass AND objid = r.oid AND refclassid = 'pg_class'::regclass
                       AND deptype IN ('a', 'i') AND refobjsubid > 0)) AS definition
            FROM (${RELATIONS}) r JOIN pg_sequence ON seqrelid = r.oid`,
  },
  {
    kind: 'view',
    sql: `SELECT quote_ident(relname) AS identity, pg_get_viewdef(oid) AS definition
            FROM (${RELATIONS}) r WHERE kind IN ('view', 'materialized view')`,
    sameMajorOnly: true,
  },
  {
    kind: 'function',
    sql: `SELECT p.oid::regprocedure::text AS identity,
                 concat_ws('; ', CASE WHEN prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE 'aggregate' END,
                   'owner ' || pg_get_userbyid(proowner)) AS definition
            FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = $1`,
  },
  {
    kind: 'trigger',
    // pglogical puts triggers of its own on the tables that it replicates.
    sql: `SELECT format('%I on %I', tgname, relname) AS identity,
                 concat_ws('; ', pg_get_triggerdef(t.oid), 'enabled ' || tgenabled::text) AS definition
            FROM (${RELATIONS}) r JOIN pg_trigger t ON tgrelid = r.oid
            JOIN pg_proc p ON p.oid = tgfoid JOIN pg_namespace n ON n.oid = pronamespace
           WHERE NOT tgisinternal AND nspname <> 'pglogical'`,
  },
  {
    kind: 'rule',
    sql: `SELECT format('%I on %I', rulename, relname) AS identity, pg_get_ruledef(u.oid) || '; enabled ' || ev_enabled::text AS definition
            FROM (${RELATIONS}) r JOIN pg_rewrite u ON ev_class = r.oid WHERE rulename <> '_RETURN'`,
  },
  {
    kind: 'policy',
    sql: `SELECT format('%I on %I', polname, relname) AS identity,
                 concat_ws('; ', polcmd::text, polpermissive, polroles::regrole[]::text, pg_get_expr(polqual, polrelid),
                   pg_get_expr(polwithcheck, polrelid)) AS definition
            FROM (${RELATIONS}) r JOIN pg_policy ON polrelid = r.oid`,
  },
  {
    kind: 'statistics',
    sql: `SELECT quote_ident(stxname) AS identity, pg_get_statisticsobjdef(s.oid) AS definition
            FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = stxnamespace WHERE nspname = $1`,
  },
  {
    kind: 'type',
    sql: `SELECT quote_ident(typname) AS identity,
                 concat_ws('; ', 'type ' || typtype::text, 'owner ' || pg_get_userbyid(typowner),
                   'base ' || format_type(nullif(typbasetype, 0), typtypmod), CASE WHEN typnotnull THEN 'not null' END,
                   'default ' || typdefault,
                   (SELECT 'labels ' || string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                      FROM pg_enum WHERE enumtypid = t.oid),
                   (SELECT 'range of ' || rngsubtype::regtype FROM pg_range WHERE rngtypid = t.oid)) AS definition
            FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
           WHERE nspname = $1 AND typtype IN ('e', 'd', 'c', 'r', 'm')`,
  },
  {
    kind: 'comment',
    sql: `SELECT format('%s %s', o.type, o.identity) AS identity, description AS definition
            FROM pg_description, LATERAL pg_identify_object(classoid, objoid, objsubid) o
           WHERE objoid >= 16384
             AND (o.schema = quote_ident($1) OR strpos(o.identity, quote_ident($1) || '.') > 0
                  OR (o.type = 'schema' AND o.identity = quote_ident($1)))`,
  },
  grants(
    'grants on schema',
    'quote_ident(nspname)',
    '(SELECT * FROM pg_namespace WHERE nspname = $1) s',
    `coalesce(nspacl, acldefault('n', nspowner))`,
  ),
  grants(
    'grants on relation',
    `format('%s %I', kind, relname)`,
    `(${RELATIONS} AND c.relkind <> 'c') r`,
    `coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))`,
  ),
  grants(
    'grants on column',
    `format('%I.%I', relname, attname)`,
    `(${RELATIONS}) r JOIN pg_attribute ON attrelid = r.oid AND NOT attisdropped`,
    'attacl',
  ),
  grants(
    'grants on function',
    'f.oid::regprocedure::text',
    '(SELECT p.* FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = $1) f',
    `coalesce(proacl, acldefault('f', proowner))`,
  ),
  grants(
    'grants on type',
    'quote_ident(typname)',
    `(SELECT t.* FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname = $1 AND typtype IN ('e', 'd', 'r')) y`,
    `coalesce(typacl, acldefault('T', typowner))`,
  ),
  grants(
    'default grants',
    `format('%s by %I', defaclobjtype, pg_get_userbyid(defaclrole))`,
    '(SELECT d.* FROM pg_default_acl d JOIN pg_namespace n ON n.oid = defaclnamespace WHERE nspname = $1) d',
    'defaclacl',
  ),
];
