import { BeltError } from '../errors.js';
import { printable } from '../printable.js';

/** The table of contents of a pg_dump archive, as `pg_restore --list --verbose` prints it. */

export interface TocEntry {
  readonly dumpId: number;
  /** Oid of the system catalog the object stands in (`pg_class` for tables and indexes); 0 for parts of other objects. */
  readonly classId: number;
  /** The object's oid on the dumped server; 0 for parts of other objects. */
  readonly oid: number;
  /** Kind, schema, name and owner as printed. For people only: a name may hold anything, so nothing is decided by it. */
  readonly label: string;
  /** The whole line, as `--use-list` wants it back. */
  readonly line: string;
  /** Entries this one needs, or is a part of. */
  readonly dependsOn: readonly number[];
}

/**
 * Parses the list. Names cannot break it: pg_restore writes an entry on one line, with line breaks in names replaced.
 * Source: PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c, PrintTOCSummary().
 * @throws BeltError when a line is neither an entry nor a comment
 */
export function parseToc(text: string): TocEntry[] {
  const entries: (TocEntry & { dependsOn: number[] })[] = [];
  for (const line of text.split('\n')) {
    const entry = /^(\d+); (\d+) (\d+) (.*)$/s.exec(line);
    if (entry !== null) {
      const [, dumpId, classId, oid, label = ''] = entry;
      entries.push({ dumpId: Number(dumpId), classId: Number(classId), oid: Number(oid), label, line, dependsOn: [] });
      continue;
    }
    const dependencies = /^;\tdepends on:((?: \d+)+)\s*$/.exec(line);
    if (dependencies !== null) entries.at(-1)?.dependsOn.push(...(dependencies[1] ?? '').trim().split(' ').map(Number));
    // An object that is not understood must not go missing in silence.
    else if (line !== '' && !line.startsWith(';'))
      throw new BeltError(`pg_restore --list gives a line that belt does not understand: ${printable(line)}`, {
        hint: 'Please report it, with the versions of pg_restore and of belt. Meanwhile set BELT_PG_BIN to the client tools of another version.',
      });
  }
  return entries;
}

/** A row of a system catalog: `(pg_class, 16384)` by their oids. */
export interface CatalogObject {
  readonly classId: number;
  readonly oid: number;
}

/** Oids of system catalogs, the same on every server. Source: PostgreSQL's src/include/catalog/pg_*.h. */
export const CATALOG = {
  pg_cast: 2605,
  pg_class: 1259,
  pg_constraint: 2606,
  pg_database: 1262,
  pg_default_acl: 826,
  pg_namespace: 2615,
  pg_transform: 3576,
  pg_trigger: 2620,
} as const;

/**
 * Catalogs of what belongs to the whole database: access methods, casts, event triggers, extensions, foreign data wrappers and
 * servers, languages, large objects, publications, subscriptions, transforms, user mappings.
 */
export const OF_DATABASE: ReadonlySet<number> = new Set([
  2601, 2605, 3466, 3079, 2328, 1417, 2612, 2613, 2995, 6104, 6106, 6237, 6100, 3576, 1418,
]);

/**
 * The entries without the given objects and without whatever is a part of them (comments, privileges, attachments:
 * entries that have no oid of their own and depend on a left-out one).
 */
export function leaveOut(entries: readonly TocEntry[], objects: readonly CatalogObject[]): TocEntry[] {
  const unwanted = new Set(objects.map(({ classId, oid }) => `${String(classId)}:${String(oid)}`));
  const leftOut = new Set<number>();
  // Parts stand after what they are a part of, and may have parts themselves, so one pass in order finds all.
  return entries.filter((entry) => {
    const isPart = entry.classId === 0 && entry.oid === 0;
    const unwantedHere = isPart
      ? entry.dependsOn.some((dumpId) => leftOut.has(dumpId))
      : unwanted.has(`${String(entry.classId)}:${String(entry.oid)}`);
    if (unwantedHere) leftOut.add(entry.dumpId);
    return !unwantedHere;
  });
}
