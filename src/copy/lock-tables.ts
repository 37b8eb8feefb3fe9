import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { blockedError, watchBlockers } from '../pair/patiently.js';
import type { Table } from '../postgres/catalog/tables.js';
import { qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import type { SlotOptions } from './make-slot.js';

/**
 * Locks the tables of the source against TRUNCATE and rewriting, in the transaction that the session is in; readers and
 * writers go on. Each try gives up after the session's lock_timeout, so that whoever waits behind it gets through.
 * @throws DeadlineError that names who holds them
 */
export async function lockTables(
  { src }: Pair,
  session: Session,
  tables: readonly Table[],
  { lockWait, progress }: SlotOptions,
): Promise<void> {
  if (tables.length === 0) return;
  const names = tables.map(({ schema, name }) => `ONLY ${qualified(schema, name)}`);
  const deadline = performance.now() + lockWait;
  const watcher = await src.root();
  const { pid } = await session.one<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  for (;;) {
    const watch = watchBlockers(watcher, pid, progress);
    try {
      await session.query(`SAVEPOINT lock_tables; LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
      await session.query('RELEASE SAVEPOINT lock_tables');
      return;
    } catch (error) {
      if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.lockNotAvailable) throw error;
      if (performance.now() > deadline) throw blockedError(src, 'copying the tables', watch.seen(), error);
      await session.query('ROLLBACK TO SAVEPOINT lock_tables');
    } finally {
      await watch.end();
    }
  }
}
