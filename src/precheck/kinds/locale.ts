import { defineKind, type KindQuery } from '../kind.js';
import { counted, some } from './statements.js';

/** How the two databases sort text. */

interface Locale {
  provider: string;
  collate: string | null;
  ctype: string | null;
  version: string | null;
}

/** Versions of the C library's and of ICU's collations stand in the catalog since PostgreSQL 15. */
const LOCALE: KindQuery = ({ major }) => `
  SELECT ${major >= 15 ? `CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END` : `'libc'`} AS provider,
         ${major >= 17 ? 'coalesce(d.datlocale, d.datcollate)' : major >= 15 ? 'coalesce(d.daticulocale, d.datcollate)' : 'd.datcollate'} AS collate,
         d.datctype AS ctype,
         ${major >= 15 ? 'pg_database_collation_actual_version(d.oid)' : 'NULL::text'} AS version
    FROM pg_database d WHERE d.datname = current_database()`;

const describe = ({ provider, collate, ctype }: Locale): string =>
  `${provider} ${collate ?? ''}${ctype === null || ctype === collate || provider !== 'libc' ? '' : ` (character classes ${ctype})`}`;

/** `en_US.UTF-8` and `en_US.utf8` are one locale. */
const normal = (name: string | null): string => (name ?? '').toLowerCase().replaceAll('-', '');

function sameLocale(from: Locale, to: Locale): boolean {
  return (
    from.provider === to.provider &&
    normal(from.collate) === normal(to.collate) &&
    (from.provider !== 'libc' || normal(from.ctype) === normal(to.ctype))
  );
}

const locale = defineKind<Locale>({
  code: 'collation-differs',
  severity: 'warn',
  means:
    'The databases sort text by different rules. Indexes are made anew on the destination, so they are sound there; the order of rows changes.',
  src: LOCALE,
  dst: LOCALE,
  judge: (_, { src: [from], dst: [to] }) =>
    from === undefined || to === undefined || sameLocale(from, to)
      ? []
      : [
          {
            side: 'dst',
            object: 'collation',
            problem: `is ${describe(to)}, the source's is ${describe(from)}: texts sort differently`,
            remedy: `Create the destination database with LC_COLLATE '${from.collate ?? ''}'${from.provider === 'libc' ? '' : ` and LOCALE_PROVIDER ${from.provider}`} TEMPLATE template0, unless you want the change.`,
          },
        ],
});

interface Sorted {
  indexes: number;
  partitioned: string[];
}

const version = defineKind<Locale & Sorted, Locale>({
  code: 'collation-version',
  severity: 'note',
  means:
    'The same collation is of another version (glibc, ICU) on the destination. Its indexes are made anew, so they are sound; rows near each other may change places, and ranges of partitions with text keys may hold others.',
  src: (context) => `
    SELECT l.*,
           (SELECT count(*)::int FROM pg_index i JOIN rel ON rel.oid = i.indrelid
             WHERE ${SORTED('i.indcollation')}) AS indexes,
           ARRAY(SELECT rel.object FROM pg_partitioned_table p JOIN rel ON rel.oid = p.partrelid
                  WHERE p.partstrat = 'r' AND ${SORTED('p.partcollation')} ORDER BY 1) AS partitioned
      FROM (${LOCALE(context) ?? ''}) l`,
  dst: LOCALE,
  judge: (_, { src: [from], dst: [to] }) =>
    from === undefined ||
    to === undefined ||
    !sameLocale(from, to) ||
    from.version === null ||
    to.version === null ||
    from.version === to.version ||
    (from.indexes === 0 && from.partitioned.length === 0)
      ? []
      : [
          {
            side: 'dst',
            ...(from.partitioned.length > 0 ? { severity: 'warn' as const } : {}),
            object: `collation ${describe(to)}`,
            problem:
              `is of version ${to.version}, the source's of ${from.version}: ${counted(from.indexes, 'index', 'indexes')} on text ` +
              `${from.indexes === 1 ? 'is' : 'are'} made anew there, so ${from.indexes === 1 ? 'it is' : 'they are'} sound` +
              (from.partitioned.length > 0
                ? `, but rows may belong to other partitions of ${some(from.partitioned)}`
                : ''),
            remedy:
              from.partitioned.length > 0
                ? 'Look whether a row lies near a bound: such rows are refused by the partition they are sent to.'
                : 'Nothing to do. Rows near each other may change places in ORDER BY.',
          },
        ],
});

/** Whether one of the collations is neither C nor POSIX (of which byte order is all there is). */
function SORTED(vector: string): string {
  return `${vector}::oid[] && ARRAY(SELECT k.oid FROM pg_collation k WHERE k.collname NOT IN ('C', 'POSIX', 'ucs_basic'))`;
}

export const LOCALE_KINDS = [locale, version];
