import { neededExtensions } from '../../postgres/catalog/extensions.js';
import { missingExtensions } from '../../schema/extensions.js';
import { isBefore, parseVersion } from '../../pglogical/versions.js';
import { defineKind } from '../kind.js';

/** The source's extensions, as the destination can have them. */

const unavailable = defineKind({
  code: 'extension-unavailable',
  severity: 'fail',
  means: "The destination server does not have the files of one of the source's extensions.",
  accept: 'setup goes on without the extension, and fails where an object of the schema needs it.',
  schemaOnly: true,
  judge: async ({ pair, src, schemas }) => {
    const names = (await missingExtensions(pair)).filter(({ available }) => !available).map(({ name }) => name);
    const needed = names.length === 0 ? [] : await neededExtensions(src.session, schemas, names);
    return names.map((name) => {
      const objects = needed.find((one) => one.name === name)?.objects ?? [];
      return {
        side: 'dst',
        object: `extension ${name}`,
        problem: `is not installed on the server${objects.length === 0 ? '' : `, and is needed by ${objects.join(', ')}`}`,
        remedy: 'Install its package on the destination server.',
      };
    });
  },
});

const toCreate = defineKind({
  code: 'extension-to-create',
  severity: 'note',
  means: "The destination database lacks one of the source's extensions; setup creates it.",
  schemaOnly: true,
  judge: async ({ pair }) =>
    (await missingExtensions(pair))
      .filter(({ available }) => available)
      .map(({ name }) => ({
        side: 'dst',
        object: `extension ${name}`,
        problem: 'is not there yet',
        remedy: 'setup creates it.',
      })),
});

/** pglogical's own versions are judged by what they can do. */
const OWN: ReadonlySet<string> = new Set(['pglogical', 'pglogical_origin', 'dblink', 'plpgsql']);

const olderVersion = defineKind({
  code: 'extension-older',
  severity: 'warn',
  means: 'The destination has, or would create, an older version of an extension than the source has.',
  schemaOnly: true,
  judge: ({ src, dst }) => {
    const there = new Map(dst.extensions.map(({ name, version }) => [name, version]));
    return src.extensions
      .filter(({ name }) => !OWN.has(name))
      .flatMap(({ name, version }) => {
        const other = there.get(name) ?? dst.available.get(name)?.version;
        if (other === undefined || !isBefore(parseVersion(other), parseVersion(version))) return [];
        return [
          {
            side: 'dst' as const,
            object: `extension ${name}`,
            problem: `is ${other}${there.has(name) ? '' : ' once setup has created it'}, the source's is ${version}: what came with the newer version is not there`,
            remedy: there.has(name)
              ? `Update it on the destination: ALTER EXTENSION "${name.replaceAll('"', '""')}" UPDATE; and its package, if that is older.`
              : 'Install a newer package of it on the destination server.',
          },
        ];
      });
  },
});

interface ConfigTable {
  extension: string;
  tables: string[];
}

const rows = defineKind<ConfigTable>({
  code: 'extension-rows',
  severity: 'note',
  means: 'An extension keeps rows of your own in its tables (as pg_cron its jobs); belt does not carry them.',
  src: () =>
    `SELECT e.extname AS extension, array_agg(format('%I.%I', n.nspname, c.relname) ORDER BY c.relname) AS tables
       FROM pg_extension e, unnest(e.extconfig) t
       JOIN pg_class c ON c.oid = t JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND e.extname NOT IN ('pglogical', 'pglogical_origin')
      GROUP BY e.extname`,
  judge: ({ pair }, { src }) =>
    src.map(({ extension, tables }) => ({
      side: 'src',
      object: `extension ${extension}`,
      problem: `keeps rows of its users in ${tables.join(', ')}: they are not carried`,
      remedy:
        `If they are yours, copy them in the downtime: pg_dump --data-only --extension=${shell(extension)} ` +
        `"$(belt src-dsn ${pair.config.dc} ${pair.db})" | psql "$(belt dst-dsn ${pair.config.dc} ${pair.db})"`,
    })),
});

function shell(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export const EXTENSION_KINDS = [unavailable, olderVersion, toCreate, rows];
