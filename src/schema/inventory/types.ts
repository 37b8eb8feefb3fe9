import { comment, grants, line, lines, ofExtension, select, when, type InventoryQuery } from './sql.js';

/** Types, and what works on them: operators, casts, collations, conversions, text search. */

const collation = (oid: string): string =>
  `(SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
     WHERE co.oid = ${oid})`;

const functionName = (value: string): string => `CASE WHEN ${value} <> 0 THEN ${value}::regproc::text END`;

const operatorName = (oid: string): string => `CASE WHEN ${oid} <> 0 THEN ${oid}::regoperator::text END`;

const type: InventoryQuery = () =>
  select({
    kind: `CASE t.typtype WHEN 'e' THEN 'enum type' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite type' WHEN 'r' THEN 'range type'
             ELSE 'base type' END`,
    object: 'ns.path || quote_ident(t.typname)',
    owner: 't.typowner',
    lines: `${lines(
      line(
        'labels',
        `(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)`,
      ),
      line('based on', 'format_type(nullif(t.typbasetype, 0), t.typtypmod)'),
      when('t.typnotnull', 'not null'),
      line('default', 't.typdefault'),
      line('collation', `CASE WHEN t.typtype = 'd' THEN ${collation('t.typcollation')} END`),
      line(
        'range',
        `(SELECT concat_ws(' ', 'of', format_type(g.rngsubtype, NULL),
                   'operator class ' || (SELECT o.opcname FROM pg_opclass o WHERE o.oid = g.rngsubopc),
                   'collation ' || ${collation('g.rngcollation')}, 'canonical ' || ${functionName('g.rngcanonical')},
                   'difference ' || ${functionName('g.rngsubdiff')})
            FROM pg_range g WHERE g.rngtypid = t.oid)`,
      ),
      `CASE WHEN t.typtype = 'b' THEN concat_ws(' ', 'length', t.typlen, 'by value', t.typbyval, 'alignment', t.typalign,
              'storage', t.typstorage, 'category', t.typcategory, 'preferred', t.typispreferred, 'delimiter', t.typdelim,
              'element', format_type(nullif(t.typelem, 0), NULL), 'input', t.typinput, 'output', t.typoutput, 'receive', t.typreceive,
              'send', t.typsend, 'modifier', t.typmodin, t.typmodout, 'analyze', t.typanalyze) END`,
      `coalesce('comment ' || nullif(obj_description(nullif(t.typrelid, 0), 'pg_class'), ''), ${comment('t.oid', 'pg_type')})`,
    )} || ${grants(`coalesce(t.typacl, acldefault('T', t.typowner))`, 't.typowner')}`,
    from: `FROM pg_type t JOIN ns ON ns.oid = t.typnamespace
            WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND EXISTS (SELECT FROM rel r WHERE r.oid = t.typrelid AND r.relkind = 'c')
                   OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type b WHERE b.typarray = t.oid))
              AND NOT ${ofExtension('t.oid', 'pg_type')}`,
  });

const operator: InventoryQuery = () =>
  select({
    kind: `'operator'`,
    object: 'o.oid::regoperator',
    owner: 'o.oprowner',
    lines: lines(
      line('function', 'o.oprcode'),
      line('result', 'format_type(o.oprresult, NULL)'),
      line('commutator', operatorName('o.oprcom')),
      line('negator', operatorName('o.oprnegate')),
      line('restriction', functionName('o.oprrest')),
      line('join', functionName('o.oprjoin')),
      when('o.oprcanmerge', 'merges'),
      when('o.oprcanhash', 'hashes'),
      comment('o.oid', 'pg_operator'),
    ),
    // An operator without function is a name alone, which another calls its negator or commutator, or once did.
    from: `FROM pg_operator o JOIN ns ON ns.oid = o.oprnamespace WHERE o.oprcode <> 0 AND NOT ${ofExtension('o.oid', 'pg_operator')}`,
  });

const operatorFamily: InventoryQuery = () =>
  select({
    kind: `'operator family'`,
    object: `ns.path || quote_ident(f.opfname) || ' using ' || a.amname`,
    owner: 'f.opfowner',
    lines: `${lines(comment('f.oid', 'pg_opfamily'))}
      || ARRAY(SELECT format('operator %s %s', o.amopstrategy, o.amopopr::regoperator) FROM pg_amop o WHERE o.amopfamily = f.oid ORDER BY 1)
      || ARRAY(SELECT format('function %s %s', p.amprocnum, p.amproc::regprocedure) FROM pg_amproc p WHERE p.amprocfamily = f.oid ORDER BY 1)`,
    from: `FROM pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod
            WHERE NOT ${ofExtension('f.oid', 'pg_opfamily')}`,
  });

const operatorClass: InventoryQuery = () =>
  select({
    kind: `'operator class'`,
    object: `ns.path || quote_ident(c.opcname) || ' using ' || a.amname`,
    owner: 'c.opcowner',
    lines: lines(
      line('for', 'format_type(c.opcintype, NULL)'),
      line('stored as', 'format_type(nullif(c.opckeytype, 0), NULL)'),
      when('c.opcdefault', 'default'),
      line(
        'family',
        `(SELECT format('%I.%I', fn.nspname, f.opfname) FROM pg_opfamily f JOIN pg_namespace fn ON fn.oid = f.opfnamespace
           WHERE f.oid = c.opcfamily)`,
      ),
      comment('c.oid', 'pg_opclass'),
    ),
    from: `FROM pg_opclass c JOIN ns ON ns.oid = c.opcnamespace JOIN pg_am a ON a.oid = c.opcmethod
            WHERE NOT ${ofExtension('c.oid', 'pg_opclass')}`,
  });

/** A cast has no schema; it counts with its function and its types. */
const cast: InventoryQuery = () =>
  select({
    kind: `'cast'`,
    schema: 'NULL',
    object: `format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL)`,
    lines: lines(
      line('by', `coalesce(CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END, c.castmethod::text)`),
      line(
        'used',
        `CASE c.castcontext WHEN 'e' THEN 'explicitly' WHEN 'a' THEN 'in assignments' ELSE 'implicitly' END`,
      ),
      comment('c.oid', 'pg_cast'),
    ),
    from: `FROM pg_cast c
            WHERE NOT ${ofExtension('c.oid', 'pg_cast')} AND EXISTS (
                    SELECT FROM ns WHERE ns.oid IN (
                      (SELECT p.pronamespace FROM pg_proc p WHERE p.oid = c.castfunc),
                      (SELECT s.typnamespace FROM pg_type s WHERE s.oid = c.castsource),
                      (SELECT s.typnamespace FROM pg_type s WHERE s.oid = c.casttarget)))
              -- A range's cast to its multirange comes with the type.
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')`,
  });

const collationObject: InventoryQuery = ({ major, otherMajor }) => {
  const icu = major >= 17 ? 'c.colllocale' : major >= 15 ? 'c.colliculocale' : 'NULL';
  return select({
    kind: `'collation'`,
    object: 'ns.path || quote_ident(c.collname)',
    owner: 'c.collowner',
    lines: lines(
      line('provider', `CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' ELSE c.collprovider::text END`),
      // From PostgreSQL 16 on, the server writes the locale of an ICU collation in its own way: `en-u-kn` for `en-u-kn-true`.
      line(
        'locale',
        Math.min(major, otherMajor) < 16 && Math.max(major, otherMajor) >= 16
          ? `CASE WHEN c.collprovider <> 'i' THEN c.collcollate END`
          : `coalesce(${icu}, c.collcollate)`,
      ),
      line('character classes', `nullif(c.collctype, c.collcollate)`),
      when('NOT c.collisdeterministic', 'not deterministic'),
      ...(major >= 16 ? [line('rules', 'c.collicurules')] : []),
      comment('c.oid', 'pg_collation'),
    ),
    from: `FROM pg_collation c JOIN ns ON ns.oid = c.collnamespace WHERE NOT ${ofExtension('c.oid', 'pg_collation')}`,
  });
};

const conversion: InventoryQuery = () =>
  select({
    kind: `'conversion'`,
    object: 'ns.path || quote_ident(c.conname)',
    owner: 'c.conowner',
    lines: lines(
      `concat_ws(' ', pg_encoding_to_char(c.conforencoding), 'to', pg_encoding_to_char(c.contoencoding), 'by', c.conproc)`,
      when('c.condefault', 'default'),
      comment('c.oid', 'pg_conversion'),
    ),
    from: `FROM pg_conversion c JOIN ns ON ns.oid = c.connamespace WHERE NOT ${ofExtension('c.oid', 'pg_conversion')}`,
  });

const searchConfiguration: InventoryQuery = () =>
  select({
    kind: `'text search configuration'`,
    object: 'ns.path || quote_ident(c.cfgname)',
    owner: 'c.cfgowner',
    lines: `${lines(
      line(
        'parser',
        `(SELECT format('%I.%I', pn.nspname, p.prsname) FROM pg_ts_parser p JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE p.oid = c.cfgparser)`,
      ),
      comment('c.oid', 'pg_ts_config'),
    )} || ARRAY(SELECT 'mapping for ' || t.alias || ': ' || string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno)
                  FROM pg_ts_config_map m JOIN LATERAL ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype
                 WHERE m.mapcfg = c.oid GROUP BY t.alias ORDER BY t.alias)`,
    from: `FROM pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace WHERE NOT ${ofExtension('c.oid', 'pg_ts_config')}`,
  });

const searchDictionary: InventoryQuery = () =>
  select({
    kind: `'text search dictionary'`,
    object: 'ns.path || quote_ident(d.dictname)',
    owner: 'd.dictowner',
    lines: lines(
      line(
        'template',
        `(SELECT format('%I.%I', tn.nspname, t.tmplname) FROM pg_ts_template t JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE t.oid = d.dicttemplate)`,
      ),
      line('options', 'd.dictinitoption'),
      comment('d.oid', 'pg_ts_dict'),
    ),
    from: `FROM pg_ts_dict d JOIN ns ON ns.oid = d.dictnamespace WHERE NOT ${ofExtension('d.oid', 'pg_ts_dict')}`,
  });

const searchTemplate: InventoryQuery = () =>
  select({
    kind: `'text search template'`,
    object: 'ns.path || quote_ident(t.tmplname)',
    lines: lines(
      line('lexize', 't.tmpllexize'),
      line('init', functionName('t.tmplinit')),
      comment('t.oid', 'pg_ts_template'),
    ),
    from: `FROM pg_ts_template t JOIN ns ON ns.oid = t.tmplnamespace WHERE NOT ${ofExtension('t.oid', 'pg_ts_template')}`,
  });

const searchParser: InventoryQuery = () =>
  select({
    kind: `'text search parser'`,
    object: 'ns.path || quote_ident(p.prsname)',
    lines: lines(
      `concat_ws(' ', p.prsstart, p.prstoken, p.prsend, ${functionName('p.prsheadline')}, p.prslextype)`,
      comment('p.oid', 'pg_ts_parser'),
    ),
    from: `FROM pg_ts_parser p JOIN ns ON ns.oid = p.prsnamespace WHERE NOT ${ofExtension('p.oid', 'pg_ts_parser')}`,
  });

export const TYPE_QUERIES: readonly InventoryQuery[] = [
  type,
  operator,
  operatorFamily,
  operatorClass,
  cast,
  collationObject,
  conversion,
  searchConfiguration,
  searchDictionary,
  searchTemplate,
  searchParser,
];
