/**
 * What the checker reads: every system catalog that says something of a user's objects, row by row and column by column,
 * so that no property can be forgotten. How a column is shown follows from the catalog itself (see facts.ts); listed here
 * is only what that does not tell: how a row is called, to which schema it belongs, what the server keeps for itself.
 */

export interface Catalog {
  readonly name: string;
  /** Further relations of the row `c`, as the FROM clause goes on. */
  readonly join?: string;
  /** The name of the row, text; what pg_identify_object() says of it when left out. */
  readonly identity?: string;
  /** Oid of the schema that it belongs to; left out for what belongs to the whole database. */
  readonly namespace?: string;
  /** Catalog and oid of the object that an extension would own; the row itself when left out. */
  readonly owner?: readonly [catalog: string, oid: string];
  /** Which rows count. */
  readonly where?: string;
  /** Columns that the server keeps for itself, or that others here say better. */
  readonly ignore?: readonly string[];
  /** Further facts: SQL that gives text. */
  readonly facts?: Readonly<Record<string, string>>;
  /** The letter of acldefault(), SQL, and the role. */
  readonly acl?: readonly [letter: string, role: string];
}

const OF_RELATION = (column: string): Pick<Catalog, 'join' | 'namespace' | 'owner'> => ({
  join: `JOIN pg_class r ON r.oid = c.${column}`,
  namespace: 'r.relnamespace',
  owner: ['pg_class', 'r.oid'],
});

const OF_TYPE = (column: string): Pick<Catalog, 'join' | 'namespace' | 'owner'> => ({
  join: `JOIN pg_type t ON t.oid = c.${column}`,
  namespace: 't.typnamespace',
  owner: ['pg_type', 't.oid'],
});

/** The name of an object by its catalog and oid; null for oid 0. */
export const identify = (catalog: string, oid: string, column = '0'): string =>
  `CASE WHEN ${oid} <> 0 THEN (SELECT o.identity FROM pg_identify_object('${catalog}'::regclass, ${oid}, ${column}) o) END`;

const RELATION = identify('pg_class', 'r.oid');
const TYPE = identify('pg_type', 't.oid');

export const CATALOGS: readonly Catalog[] = [
  { name: 'pg_namespace', namespace: 'c.oid', acl: [`'n'`, 'c.nspowner'] },
  {
    name: 'pg_class',
    namespace: 'c.relnamespace',
    where: `c.relkind <> 't' AND c.relpersistence <> 't'`,
    // Files, statistics, and hints that may be behind. Whether a view is filled, its rows tell.
    ignore: [
      ...['relfilenode', 'relpages', 'reltuples', 'relallvisible', 'relallfrozen', 'relfrozenxid', 'relminmxid'],
      ...[
        'relrewrite',
        'relhasindex',
        'relhastriggers',
        'relhassubclass',
        'relispopulated',
        'reltoastrelid',
        'reltype',
      ],
    ],
    facts: {
      view: `CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END`,
      bound: 'pg_get_expr(c.relpartbound, c.oid)',
      toast_options: '(SELECT t.reloptions::text FROM pg_class t WHERE t.oid = c.reltoastrelid)',
    },
    acl: [`CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`, 'c.relowner'],
  },
  {
    name: 'pg_attribute',
    ...OF_RELATION('attrelid'),
    identity: `${RELATION} || '.' || quote_ident(c.attname)`,
    where: `c.attnum > 0 AND NOT c.attisdropped AND r.relkind NOT IN ('t', 'S') AND r.relpersistence <> 't'`,
    ignore: ['attcacheoff', 'atthasmissing', 'attmissingval'],
    acl: [`'c'`, 'r.relowner'],
  },
  { name: 'pg_attrdef', ...OF_RELATION('adrelid'), facts: { expression: 'pg_get_expr(c.adbin, c.adrelid)' } },
  {
    name: 'pg_constraint',
    namespace: 'c.connamespace',
    owner: ['pg_class', 'c.conrelid'],
    facts: { definition: 'pg_get_constraintdef(c.oid)' },
  },
  {
    name: 'pg_index',
    ...OF_RELATION('indexrelid'),
    identity: RELATION,
    where: `r.relnamespace <> 'pg_toast'::regnamespace`,
    ignore: ['indcheckxmin'],
    facts: { definition: 'pg_get_indexdef(c.indexrelid)' },
  },
  {
    name: 'pg_inherits',
    ...OF_RELATION('inhrelid'),
    identity: `${RELATION} || ' of ' || ${identify('pg_class', 'c.inhparent')}`,
  },
  {
    name: 'pg_partitioned_table',
    ...OF_RELATION('partrelid'),
    identity: RELATION,
    facts: { key: 'pg_get_partkeydef(c.partrelid)' },
  },
  { name: 'pg_sequence', ...OF_RELATION('seqrelid'), identity: RELATION },
  {
    name: 'pg_type',
    namespace: 'c.typnamespace',
    // A multirange is told of with its range: whose it is after pg_dump and psql is the superuser's, by an oversight.
    where: `c.typtype <> 'm' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = c.typelem AND e.typtype = 'm')
      AND (c.typrelid = 0 OR EXISTS (SELECT FROM pg_class r WHERE r.oid = c.typrelid AND r.relpersistence <> 't'))`,
    acl: [`'T'`, 'c.typowner'],
  },
  {
    name: 'pg_enum',
    ...OF_TYPE('enumtypid'),
    identity: `${TYPE} || ' ' || quote_literal(c.enumlabel)`,
    ignore: ['oid'],
  },
  { name: 'pg_range', ...OF_TYPE('rngtypid'), identity: TYPE },
  {
    name: 'pg_proc',
    namespace: 'c.pronamespace',
    facts: { definition: `CASE WHEN c.prokind <> 'a' THEN pg_get_functiondef(c.oid) END` },
    acl: [`'f'`, 'c.proowner'],
  },
  {
    name: 'pg_aggregate',
    join: 'JOIN pg_proc p ON p.oid = c.aggfnoid',
    namespace: 'p.pronamespace',
    owner: ['pg_proc', 'p.oid'],
    identity: identify('pg_proc', 'p.oid'),
  },
  { name: 'pg_operator', namespace: 'c.oprnamespace' },
  { name: 'pg_opclass', namespace: 'c.opcnamespace' },
  { name: 'pg_opfamily', namespace: 'c.opfnamespace' },
  {
    name: 'pg_amop',
    join: 'JOIN pg_opfamily f ON f.oid = c.amopfamily',
    namespace: 'f.opfnamespace',
    owner: ['pg_opfamily', 'f.oid'],
  },
  {
    name: 'pg_amproc',
    join: 'JOIN pg_opfamily f ON f.oid = c.amprocfamily',
    namespace: 'f.opfnamespace',
    owner: ['pg_opfamily', 'f.oid'],
  },
  { name: 'pg_cast' },
  { name: 'pg_collation', namespace: 'c.collnamespace' },
  { name: 'pg_conversion', namespace: 'c.connamespace' },
  { name: 'pg_ts_config', namespace: 'c.cfgnamespace' },
  {
    name: 'pg_ts_config_map',
    join: 'JOIN pg_ts_config f ON f.oid = c.mapcfg',
    namespace: 'f.cfgnamespace',
    owner: ['pg_ts_config', 'f.oid'],
    identity: `${identify('pg_ts_config', 'f.oid')} || format(' token %s place %s', c.maptokentype, c.mapseqno)`,
  },
  { name: 'pg_ts_dict', namespace: 'c.dictnamespace' },
  { name: 'pg_ts_parser', namespace: 'c.prsnamespace' },
  { name: 'pg_ts_template', namespace: 'c.tmplnamespace' },
  {
    name: 'pg_statistic_ext',
    namespace: 'c.stxnamespace',
    facts: { definition: 'pg_get_statisticsobjdef(c.oid)' },
  },
  {
    name: 'pg_trigger',
    ...OF_RELATION('tgrelid'),
    // pglogical puts triggers of its own on the tables that it replicates.
    where: `NOT c.tgisinternal AND NOT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
              WHERE p.oid = c.tgfoid AND n.nspname = 'pglogical')`,
    facts: { definition: 'pg_get_triggerdef(c.oid)' },
  },
  {
    name: 'pg_rewrite',
    ...OF_RELATION('ev_class'),
    where: `c.rulename <> '_RETURN'`,
    facts: { definition: 'pg_get_ruledef(c.oid)' },
  },
  {
    name: 'pg_policy',
    ...OF_RELATION('polrelid'),
    facts: {
      using: 'pg_get_expr(c.polqual, c.polrelid)',
      check: 'pg_get_expr(c.polwithcheck, c.polrelid)',
    },
  },
  {
    name: 'pg_default_acl',
    namespace: 'nullif(c.defaclnamespace, 0)',
    identity: `format('%s for %s in %s', c.defaclobjtype, ${identify('pg_authid', 'c.defaclrole')}, ${identify('pg_namespace', 'c.defaclnamespace')})`,
    acl: ['NULL', 'NULL'],
  },
  { name: 'pg_extension', where: `c.extname <> 'pglogical'`, owner: ['pg_class', '0'] },
  { name: 'pg_language', acl: [`'l'`, 'c.lanowner'] },
  { name: 'pg_foreign_data_wrapper', acl: [`'F'`, 'c.fdwowner'] },
  { name: 'pg_foreign_server', acl: [`'S'`, 'c.srvowner'] },
  { name: 'pg_foreign_table', ...OF_RELATION('ftrelid'), identity: RELATION },
  { name: 'pg_user_mapping' },
  { name: 'pg_event_trigger' },
  { name: 'pg_am' },
  { name: 'pg_transform' },
  { name: 'pg_publication' },
];
