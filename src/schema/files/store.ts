import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { ALL_SCHEMAS } from '../../config/schema.js';
import { RefusedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { schemaWords } from '../../postgres/schemas.js';
import { parseFile, type FileKind, type ParsedFile } from './format.js';

const FOLDER = 'schemas';

const FILE_KINDS: readonly FileKind[] = ['schema', 'load', 'indexes', 'constraints'];

/** A file's path as messages show it: from the project folder. */
export function shownPath(pair: Pair, kind: FileKind): string {
  return `${FOLDER}/${pair.config.dc}/${pair.db}/${kind}.sql`;
}

function realPath(pair: Pair, kind: FileKind): string {
  return path.join(pair.environment.cwd, FOLDER, pair.config.dc, pair.db, `${kind}.sql`);
}

/**
 * Reads a file that dump-schema wrote.
 * @throws RefusedError when it is not there, is none of belt's, or is of another schema
 */
export async function readSchemaFile(pair: Pair, kind: FileKind): Promise<ParsedFile> {
  const shown = shownPath(pair, kind);
  const dump = `Run belt dump-schema ${pair.config.dc} ${pair.db}, which writes it.`;
  const text = await textOf(pair, kind);
  if (text === undefined) {
    throw new RefusedError(`there is no file ${shown}`, { hint: dump, detail: { file: shown } });
  }
  const file = parseFile(text);
  if (file?.head.kind !== kind) {
    throw new RefusedError(
      `${shown} is not a file that belt dump-schema wrote: its line "-- belt-file" is gone or changed`,
      {
        hint: `Put that line back, or move the file away. ${dump}`,
        detail: { file: shown },
      },
    );
  }
  const dumped = [file.head.schema].flat();
  if (pair.config.schema_name === ALL_SCHEMAS) pair.takeSchemas(dumped);
  const { names } = await pair.schemas();
  if ([...dumped].sort().join('\0') !== [...names].sort().join('\0')) {
    throw new RefusedError(`${shown} is a dump of ${schemaWords(dumped)}, not of ${schemaWords(names)}`, {
      hint: `Check "schema_name" in the config, or move the file away. ${dump}`,
      detail: { file: shown, schema: file.head.schema },
    });
  }
  return file;
}

/** The files that are not as dump-schema wrote them, as messages show them. */
export async function editedFiles(pair: Pair): Promise<string[]> {
  const found = await Promise.all(
    FILE_KINDS.map(async (kind) => {
      const text = await textOf(pair, kind);
      return text === undefined || parseFile(text)?.edited === false ? [] : [shownPath(pair, kind)];
    }),
  );
  return found.flat();
}

/** Writes files, each as a whole or not at all. */
export async function writeSchemaFiles(
  pair: Pair,
  texts: readonly { readonly kind: FileKind; readonly text: string }[],
): Promise<void> {
  try {
    for (const { kind, text } of texts) {
      const file = realPath(pair, kind);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFileAtomic(file, text, { fsync: true });
    }
  } catch (error) {
    throw fileError(pair, error, 'written');
  }
}

async function textOf(pair: Pair, kind: FileKind): Promise<string | undefined> {
  try {
    return await readFile(realPath(pair, kind), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(pair, error, 'read');
  }
}

function fileError(pair: Pair, error: unknown, what: 'read' | 'written'): RefusedError {
  const folder = `${FOLDER}/${pair.config.dc}/${pair.db}`;
  const reason = error instanceof Error ? error.message : String(error);
  return new RefusedError(`the files in ${folder} cannot be ${what}: ${reason}`, {
    hint: 'Put this right and run the same command again.',
    detail: { folder },
    cause: error,
  });
}
