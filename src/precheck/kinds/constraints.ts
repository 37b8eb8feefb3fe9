import { defineKind } from '../kind.js';
import { some } from './statements.js';

const deferrable = defineKind<{ name: string; relation: string }>({
  code: 'deferrable-unique',
  severity: 'warn',
  means: 'A change that breaks a deferrable unique constraint for a moment stops replication.',
  src: () =>
    `SELECT quote_ident(k.conname) AS name, rel.object AS relation FROM pg_constraint k JOIN rel ON rel.oid = k.conrelid
      WHERE k.contype = 'u' AND k.condeferrable AND rel.relkind = 'r' ORDER BY 2, 1`,
  judge: (_, { src }) =>
    src.map(({ name, relation }) => ({
      side: 'src',
      object: `constraint ${name} on ${relation}`,
      problem: 'is a deferrable unique constraint: a change that breaks it for a moment stops replication',
      remedy: `Drop it on the destination after setup, and add it after the cutover: ALTER TABLE ${relation} DROP CONSTRAINT ${name};`,
    })),
});

const invalidIndex = defineKind<{ name: string; relation: string }>({
  code: 'invalid-index',
  severity: 'note',
  means: 'An INVALID index of the source, the rest of a build that failed, is left out.',
  src: () =>
    `SELECT format('%I.%I', rel.nspname, ci.relname) AS name, rel.object AS relation
       FROM pg_index i JOIN pg_class ci ON ci.oid = i.indexrelid JOIN rel ON rel.oid = i.indrelid
      WHERE rel.relkind IN ('r', 'm') AND NOT (i.indisvalid AND i.indisready) ORDER BY 1`,
  judge: (_, { src }) =>
    src.map(({ name, relation }) => ({
      side: 'src',
      object: `index ${name} on ${relation}`,
      problem: 'is INVALID, the rest of a build that failed, and is left out',
      remedy: `Drop it, or build it: DROP INDEX ${name}; or REINDEX INDEX CONCURRENTLY ${name};`,
    })),
});

/** Partitions and children stand below a table that moves, but in a schema that does not. */
const elsewhere = defineKind<{ child: string; parent: string; schema: string }>({
  code: 'partition-elsewhere',
  severity: 'fail',
  means: 'A table of the schema has partitions or children in a schema that does not move.',
  accept: 'The rows of those partitions and children stay behind.',
  src: () =>
    `SELECT format('%I.%I', n.nspname, c.relname) AS child, rel.object AS parent, n.nspname AS schema
       FROM pg_inherits h JOIN rel ON rel.oid = h.inhparent AND rel.relkind IN ('r', 'p', 'f')
       JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.oid NOT IN (SELECT oid FROM ns) AND c.relpersistence <> 't' ORDER BY 1`,
  judge: (_, { src }) =>
    src.map(({ child, parent, schema }) => ({
      side: 'src',
      object: `table ${child}`,
      problem: `is a partition or child of ${parent}, but in schema "${schema}", which does not move`,
      remedy: `Bring it into a schema that moves: ALTER TABLE ${child} SET SCHEMA ...;`,
    })),
});

const OID_TYPES = `('oid', 'regproc', 'regprocedure', 'regoper', 'regoperator', 'regclass', 'regtype', 'regrole',
                    'regnamespace', 'regconfig', 'regdictionary', 'regcollation')`;

const holdsOids = defineKind<{ column: string; type: string }>({
  code: 'column-holds-oids',
  severity: 'warn',
  means: 'A column of type oid, regclass or the like holds numbers of objects, which are others on the destination.',
  src: () =>
    `SELECT rel.object || '.' || quote_ident(a.attname) AS column, format_type(a.atttypid, NULL) AS type
       FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
       JOIN pg_type y ON y.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = y.typelem AND y.typcategory = 'A'
      WHERE rel.relkind IN ('r', 'p') AND NOT rel.relispartition
        AND coalesce(e.typnamespace, y.typnamespace) = 'pg_catalog'::regnamespace
        AND coalesce(e.typname, y.typname) IN ${OID_TYPES} ORDER BY 1`,
  judge: (_, { src }) =>
    src.map(({ column, type }) => ({
      side: 'src',
      object: `column ${column}`,
      problem: `is of type ${type}: what it holds are numbers of objects in this database, which are others on the destination`,
      remedy: 'Keep names instead (type text), or set the column anew on the destination after the cutover.',
    })),
});

/** The oid of type money, on every server. */
const MONEY = 790;

const money = defineKind<{ columns: string[] }>({
  code: 'money-by-locale',
  severity: 'warn',
  means:
    'Columns are of type money, and between major versions pglogical sends values as text: by the lc_monetary of the one side, to be read by that of the other.',
  src: () =>
    `SELECT array_agg(rel.object || '.' || quote_ident(a.attname) ORDER BY rel.object, a.attnum) AS columns
       FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
       JOIN pg_type y ON y.oid = a.atttypid
      WHERE rel.relkind = 'r' AND ${MONEY} IN (y.oid, y.typelem, y.typbasetype) HAVING count(*) > 0`,
  judge: ({ src: { session: from }, dst: { session: to } }, { src }) =>
    from.major === to.major
      ? []
      : src.map(({ columns }) => ({
          side: 'dst',
          object: 'lc_monetary',
          problem: `must be the same as on the source while replication runs: ${some(columns)} ${columns.length === 1 ? 'is' : 'are'} of type money, which is sent as text between PostgreSQL ${from.major} and ${to.major}`,
          remedy:
            'Compare SHOW lc_monetary of new sessions in both databases; should they differ, before setup: ALTER DATABASE ... SET lc_monetary on the destination.',
        })),
});

export const CONSTRAINT_KINDS = [elsewhere, holdsOids, money, deferrable, invalidIndex];
