import { mayHaveBecomeFalse } from '../../postgres/catalog/constraints.js';
import { DUMPED_INDEX, DEFERRED_INDEX } from '../../postgres/catalog/indexes.js';
import { comment, grants, line, lines, select, when, type InventoryQuery } from './sql.js';

/** Tables and their like, with columns, constraints, indexes and sequences. */

const acldefault = (kind: string, owner: string): string => `acldefault('${kind}', ${owner})`;

const schema: InventoryQuery = () =>
  select({
    kind: `'schema'`,
    object: 'quote_ident(ns.nspname)',
    lines: `${lines(comment('ns.oid', 'pg_namespace'))} || ${grants(`coalesce(ns.nspacl, ${acldefault('n', 'ns.nspowner')})`, 'ns.nspowner')}`,
    from: 'FROM ns',
  });

const relation: InventoryQuery = () =>
  select({
    kind: 'r.kind',
    schema: 'r.nspname',
    object: 'r.object',
    owner: 'r.relowner',
    lines: `${lines(
      when(`r.relpersistence = 'u'`, 'unlogged'),
      line('access method', `(SELECT amname FROM pg_am WHERE oid = r.relam AND amname <> 'heap')`),
      line('of type', 'format_type(nullif(r.reloftype, 0), NULL)'),
      line(
        'inherits',
        `(SELECT string_agg(format('%I.%I', pn.nspname, p.relname), ', ' ORDER BY h.inhseqno)
            FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
           WHERE h.inhrelid = r.oid)`,
      ),
      line('as partition', 'pg_get_expr(r.relpartbound, r.oid)'),
      line('partitioned by', 'pg_get_partkeydef(r.oid)'),
      when(`r.relkind IN ('r', 'p') AND r.relreplident = 'f'`, 'replica identity full'),
      when(`r.relkind IN ('r', 'p') AND r.relreplident = 'n'`, 'replica identity nothing'),
      when('r.relrowsecurity', 'row level security'),
      when('r.relforcerowsecurity', 'row level security for its owner too'),
      line('options', `(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(r.reloptions) o)`),
      line(
        'options of its TOAST table',
        `(SELECT string_agg(o, ', ' ORDER BY o) FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = r.reltoastrelid)`,
      ),
      line(
        'foreign server',
        `(SELECT concat_ws(' ', quote_ident(s.srvname), f.ftoptions::text)
            FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = r.oid)`,
      ),
      comment('r.oid', 'pg_class'),
    )} || ${grants(
      `coalesce(r.relacl, CASE WHEN r.relkind = 'S' THEN ${acldefault('s', 'r.relowner')} ELSE ${acldefault('r', 'r.relowner')} END)`,
      'r.relowner',
    )}`,
    query: `CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END`,
    from: `FROM rel r WHERE r.relkind NOT IN ('S', 'c')`,
  });

const column: InventoryQuery = ({ major, otherMajor }) =>
  select({
    kind: `'column'`,
    schema: 'r.nspname',
    object: `r.object || '.' || quote_ident(a.attname)`,
    parent: 'r.object',
    position: 'row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum)',
    lines: `${lines(
      line('type', 'format_type(a.atttypid, a.atttypmod)'),
      when('a.attnotnull', 'not null'),
      line(
        'collation',
        `(SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
           WHERE co.oid = a.attcollation AND a.attcollation <> y.typcollation)`,
      ),
      `CASE a.attgenerated WHEN '' THEN 'default ' WHEN 's' THEN 'generated stored ' ELSE 'generated virtual ' END
         || pg_get_expr(d.adbin, d.adrelid)`,
      // From PostgreSQL 17 on, partitions have the identity columns of what they are partitions of.
      line(
        'identity',
        `CASE ${Math.min(major, otherMajor) < 17 && Math.max(major, otherMajor) >= 17 ? `WHEN r.relispartition THEN NULL ` : ''}
           WHEN a.attidentity = 'a' THEN 'always' WHEN a.attidentity = 'd' THEN 'by default' END`,
      ),
      line(
        'storage',
        `CASE WHEN a.attstorage <> y.typstorage AND r.relkind IN ('r', 'p', 'm') THEN a.attstorage::text END`,
      ),
      ...(major >= 14 ? [line('compression', 'a.attcompression')] : []),
      line('statistics target', 'CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END'),
      // The server itself notes pg_attver there; it is another in every database.
      line(
        'options',
        `(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\\_attver=%')`,
      ),
      line('foreign options', 'a.attfdwoptions'),
      line('comment', 'col_description(a.attrelid, a.attnum)'),
    )} || ${grants('a.attacl', 'r.relowner')}`,
    from: `FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
             JOIN pg_type y ON y.oid = a.atttypid
             LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE r.relkind <> 'S'`,
  });

const constraint: InventoryQuery = () =>
  select({
    kind: `'constraint'`,
    schema: 'coalesce(r.nspname, ns.nspname)',
    object: `quote_ident(k.conname) || ' on ' || coalesce(r.object, ns.path || quote_ident(t.typname))`,
    parent: 'coalesce(r.object, ns.path || quote_ident(t.typname))',
    lines: lines('pg_get_constraintdef(k.oid)', comment('k.oid', 'pg_constraint')),
    deferred: `NOT k.convalidated OR ${mayHaveBecomeFalse('k')}`,
    // Columns tell of NOT NULL (a constraint since PostgreSQL 18), triggers of constraint triggers. A foreign key of
    // partitions comes with the parent's; what it is called there is the server's choice.
    from: `FROM pg_constraint k LEFT JOIN rel r ON r.oid = k.conrelid
             LEFT JOIN (pg_type t JOIN ns ON ns.oid = t.typnamespace) ON t.oid = k.contypid
                   AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
            WHERE (r.oid IS NOT NULL OR t.oid IS NOT NULL) AND k.contype NOT IN ('n', 't')
              AND NOT (k.contype = 'f' AND k.conparentid <> 0)`,
  });

const PARENT = `SELECT format('%I.%I', pn.nspname, p.relname) FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent
            JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE h.inhrelid = i.indexrelid`;

/** An index that is there with the data, below one that is made after it; see attachedIndexes(). */
const ATTACHED_LATER = `(NOT (${DEFERRED_INDEX}) AND EXISTS (
  SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid AND NOT EXISTS (SELECT FROM kept WHERE kept.indexrelid = h.inhparent)))`;

/** An index that a failed build left behind is none. */
const index: InventoryQuery = () =>
  select({
    kind: `'index'`,
    schema: 't.nspname',
    object: 't.path || quote_ident(ci.relname)',
    parent: 't.object',
    lines: lines(
      'pg_get_indexdef(i.indexrelid)',
      when('NOT i.indisvalid', 'lacks indexes of partitions'),
      when('i.indisclustered', 'clustered on'),
      when('i.indisreplident', 'replica identity'),
      line('attached to', `CASE WHEN NOT ${ATTACHED_LATER} THEN (${PARENT}) END`),
      line(
        'statistics targets',
        `(SELECT string_agg(a.attnum || ': ' || a.attstattarget, ', ' ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0)`,
      ),
      comment('i.indexrelid', 'pg_class'),
    ),
    deferred: DEFERRED_INDEX,
    from: `FROM rel t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class ci ON ci.oid = i.indexrelid WHERE ${DUMPED_INDEX}`,
  });

const attachment: InventoryQuery = () =>
  select({
    kind: `'attachment of index'`,
    schema: 't.nspname',
    object: 't.path || quote_ident(ci.relname)',
    parent: 't.object',
    lines: lines(line('attached to', `(${PARENT})`)),
    deferred: 'true',
    from: `FROM rel t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class ci ON ci.oid = i.indexrelid WHERE ${ATTACHED_LATER}`,
  });

const sequence: InventoryQuery = () =>
  select({
    kind: `'sequence'`,
    schema: 'r.nspname',
    object: 'r.object',
    owner: 'r.relowner',
    lines: `${lines(
      'format_type(s.seqtypid, NULL)',
      when(`r.relpersistence = 'u'`, 'unlogged'),
      `format('start %s increment %s minimum %s maximum %s cache %s', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache)`,
      when('s.seqcycle', 'cycle'),
      line(
        'owned by',
        `(SELECT format('%I.%I%s', c.relname, a.attname, CASE d.deptype WHEN 'i' THEN ' (identity)' END)
            FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid
            JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
           WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
             AND d.deptype IN ('a', 'i'))`,
      ),
      comment('r.oid', 'pg_class'),
    )} || ${grants(`coalesce(r.relacl, ${acldefault('s', 'r.relowner')})`, 'r.relowner')}`,
    from: 'FROM rel r JOIN pg_sequence s ON s.seqrelid = r.oid',
  });

const defaultPrivileges: InventoryQuery = () =>
  select({
    kind: `'default privileges'`,
    object: `CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                  WHEN 'T' THEN 'TYPES' ELSE d.defaclobjtype::text END || ' of ' ||
             CASE WHEN pg_get_userbyid(d.defaclrole) = $2 THEN '(owner)' ELSE quote_ident(pg_get_userbyid(d.defaclrole)) END ||
             CASE WHEN $4 THEN ' in schema ' || quote_ident(ns.nspname) ELSE '' END`,
    lines: 'g.lines',
    // Privileges that are there for pglogical alone leave nothing.
    from: `FROM pg_default_acl d JOIN ns ON ns.oid = d.defaclnamespace,
             LATERAL (SELECT ${grants('d.defaclacl', 'd.defaclrole')} AS lines) g WHERE cardinality(g.lines) > 0`,
  });

export const RELATION_QUERIES: readonly InventoryQuery[] = [
  schema,
  relation,
  column,
  constraint,
  index,
  attachment,
  sequence,
  defaultPrivileges,
];
