import { RefusedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Step } from '../../pair/steps.js';
import { notValidConstraints } from '../../postgres/catalog/constraints.js';
import { attachedIndexes, deferredIndexes, invalidIndexes } from '../../postgres/catalog/indexes.js';
import { archiveSql, withSchemaArchive } from '../archive.js';
import { deferredObjects, initialEntries } from '../initial-load.js';
import { catalogOrigin } from '../origin.js';
import { leaveOut } from '../toc.js';
import { constraintBlocks, indexBlocks } from './deferred.js';
import { fileText, type FileKind } from './format.js';
import { makeRecord } from './record.js';
import { editedFiles, shownPath, writeSchemaFiles } from './store.js';

export interface DumpedFile {
  readonly kind: FileKind;
  /** From the project folder. */
  readonly path: string;
  /** What stands in it: entries of pg_dump's, indexes, or constraints. */
  readonly objects: number;
}

/** Refuses to overwrite what somebody has changed by hand. */
export function editedFilesStep(pair: Pair): Step {
  return {
    name: 'check-files',
    title: 'look whether files of an earlier dump were edited',
    readOnly: true,
    run: async () => {
      const edited = await editedFiles(pair);
      if (edited.length === 0) return 'none was';
      throw new RefusedError(
        `${edited.join(', ')} ${edited.length === 1 ? 'was' : 'were'} changed since belt wrote it`,
        {
          hint: 'Move the files away to keep them. --force overwrites them.',
          detail: { files: edited },
        },
      );
    },
  };
}

/**
 * Dumps the source's schema into the four files. All of them are of one snapshot.
 * @throws ToolError when pg_dump or pg_restore is missing or fails; RefusedError when a file cannot be written
 */
export async function dumpSchemaFiles(
  pair: Pair,
  progress: (text: string) => void,
): Promise<{ files: DumpedFile[]; invalid: string[] }> {
  const schemas = await pair.schemas();
  progress(`dumping ${schemas.words} of the source`);
  return withSchemaArchive(pair, async (archive, source) => {
    const deferred = await deferredObjects(source, schemas);
    const [indexes, constraints] = [await deferredIndexes(source, schemas), await notValidConstraints(source, schemas)];
    const attached = await attachedIndexes(source, schemas);
    const whole = leaveOut(archive.entries, deferred.foreign);
    const initial = initialEntries(archive.entries, deferred);
    const record = await makeRecord(
      catalogOrigin(pair, () => Promise.resolve(source)),
      schemas,
    );
    const wholeSql = await archiveSql(pair, archive, whole);
    const initialSql = await archiveSql(pair, archive, initial);
    progress('writing the files');
    const written: readonly (Omit<Parameters<typeof fileText>[0], 'schemas' | 'major'> & { objects: number })[] = [
      { kind: 'schema', says: SAYS.schema, body: wholeSql, objects: whole.length },
      { kind: 'load', says: SAYS.load, record, body: initialSql, objects: initial.length },
      { kind: 'indexes', says: SAYS.indexes, body: indexBlocks(indexes, attached), objects: indexes.length },
      {
        kind: 'constraints',
        says: SAYS.constraints,
        body: constraintBlocks(constraints),
        objects: constraints.length,
      },
    ];
    await writeSchemaFiles(
      pair,
      written.map((one) => ({
        kind: one.kind,
        text: fileText({ ...one, schemas: schemas.names, major: source.major }),
      })),
    );
    return {
      files: written.map(({ kind, objects }) => ({ kind, path: shownPath(pair, kind), objects })),
      invalid: await invalidIndexes(source, schemas),
    };
  });
}

const BY_BELT =
  'Written by belt dump-schema, which does not overwrite it once it was edited. psql runs it as it stands.';
const BLOCKS =
  'Statements may be changed; to leave one out, delete it with the line above it. Leave the lines that begin with "-- belt".';

/** What the heads of the files say to a person. */
const SAYS: Readonly<Record<FileKind, readonly string[]>> = {
  schema: ['The whole schema, to read and to compare; belt does not load it.', BY_BELT],
  load: [
    'The schema without NOT VALID constraints and without the indexes that can wait; for belt load-schema.',
    BY_BELT,
  ],
  indexes: ['The indexes that can wait until the data is there; for belt create-indexes.', BY_BELT, BLOCKS],
  constraints: [
    'The NOT VALID constraints, which existing rows may break; for belt load-constraints.',
    BY_BELT,
    BLOCKS,
  ],
};
