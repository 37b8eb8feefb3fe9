import { formatBytes } from '../bytes.js';
import { journalTotals, readRun } from '../pglogical/copy-journal.js';
import type { Session } from '../postgres/session.js';

/** What the journal says is done: `3 of 8 tables are whole on the destination, 1.2 GB of about 3.4 GB`. */
export async function copiedSoFar(destination: Session): Promise<string> {
  const none = 'no table has been copied yet';
  if ((await readRun(destination)) === null) return none;
  const { tables, whole, bytes, bytes_whole } = await journalTotals(destination);
  if (tables === 0) return none;
  return (
    `${String(whole)} of ${String(tables)} tables are whole on the destination, ` +
    `${formatBytes(bytes_whole)} of about ${formatBytes(bytes)}`
  );
}
