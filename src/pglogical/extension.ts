import { RefusedError } from '../errors.js';
import type { Side } from '../pair/side.js';
import type { Session } from '../postgres/session.js';
import { parseVersion } from './versions.js';

/** Whether the extension is in the database, so that its catalog can be asked. */
export async function hasPglogical(session: Session): Promise<boolean> {
  const { there } = await session.one<{ there: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pglogical') AS there",
  );
  return there;
}

/** The extension's version there, for instance [2, 4, 2], or null when it is not in the database. */
export async function pglogicalVersion(session: Session): Promise<readonly number[] | null> {
  const [row] = await session.query<{ extversion: string }>(
    "SELECT extversion FROM pg_extension WHERE extname = 'pglogical'",
  );
  return row === undefined ? null : parseVersion(row.extversion);
}

/**
 * Makes the extension.
 * @throws RefusedError when the server does not load pglogical at its start, since the extension is of no use then
 */
export async function makeExtension(side: Side): Promise<string> {
  const session = await side.root();
  const { preload } = await session.one<{ preload: string }>(
    "SELECT current_setting('shared_preload_libraries') AS preload",
  );
  if (!preload.split(',').some((library) => library.trim().replaceAll('"', '') === 'pglogical')) {
    throw new RefusedError(`the ${side.word} server does not load pglogical: shared_preload_libraries = ${preload}`, {
      hint: 'Add pglogical to shared_preload_libraries and restart the server.',
      detail: { side: side.name },
    });
  }
  await session.query('CREATE EXTENSION IF NOT EXISTS pglogical');
  return 'created extension pglogical';
}
