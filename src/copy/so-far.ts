import { formatBytes } from '../bytes.js';
import { readJournal, readRun } from '../pglogical/copy-journal.js';
import type { Session } from '../postgres/session.js';

/** What the journal says is done, as a sentence: `3 of 8 tables are whole on the destination, 1.2 GB of about 3.4 GB`. */
export async function copiedSoFar(destination: Session, schema: string): Promise<string> {
  if ((await readRun(destination)) === null) return 'no table has been copied yet';
  const tables = await readJournal(destination, schema);
  if (tables.length === 0) return 'no table has been copied yet';
  const whole = tables.filter(({ chunks, chunks_done, source_rows }) => chunks_done === chunks && source_rows !== null);
  const [done, all] = [whole, tables].map((some) => some.reduce((sum, { bytes }) => sum + bytes, 0));
  return (
    `${String(whole.length)} of ${String(tables.length)} tables are whole on the destination, ` +
    `${formatBytes(done ?? 0)} of about ${formatBytes(all ?? 0)}`
  );
}
