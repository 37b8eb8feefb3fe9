import type { Pair } from '../pair/pair.js';
import type { Table } from '../postgres/catalog/tables.js';
import { literal } from '../postgres/quote.js';
import { ReplicationSession } from '../postgres/replication-session.js';
import type { Session } from '../postgres/session.js';
import { lockTables } from './lock-tables.js';
import { createSlot, type SlotOptions } from './make-slot.js';

/**
 * A wave: all that is copied from one snapshot of the source. The first one begins at the slot by which changes come
 * later; one after a failure takes a new snapshot, and a passing slot only to know where in the log that is.
 */
export interface Wave {
  /** Where the snapshot is in the write-ahead log. */
  readonly lsn: string;
  /** For SET TRANSACTION SNAPSHOT, until close(). */
  readonly snapshot: string;
  /** The session that keeps the snapshot and the tables' locks. */
  readonly keeper: Session;
  /** Blocks and bytes of each table, by name. */
  readonly sizes: ReadonlyMap<string, { readonly blocks: number; readonly bytes: number }>;
  close(): Promise<void>;
}

/**
 * Opens a wave: a slot with its snapshot, and the tables locked against TRUNCATE and rewriting (readers and writers go
 * on), so that their blocks stay what they are.
 * @param slot its name; null for a passing one
 * @throws DeadlineError that names the transactions which the slot waits for
 */
export async function openWave(
  pair: Pair,
  slot: string | null,
  tables: readonly Table[],
  options: SlotOptions,
): Promise<Wave> {
  const { src, environment, applicationName } = pair;
  // As role pglogical: it alone may load the output plugin on servers that want plugins listed.
  const replication = await ReplicationSession.connect(src.address('pglogical'), {
    applicationName,
    signal: environment.signal,
    // A server whose belt is killed while it waits would wait on, and the next belt for it.
    lockTimeout: options.lockWait,
  });
  let keeper: Session | undefined;
  try {
    const start = await createSlot(pair, replication, slot, options);
    keeper = await src.open('root', { statementTimeout: 0 });
    await keeper.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${literal(start.snapshot)}`,
    );
    await lockTables(pair, keeper, tables, options);
    const { snapshot } = await keeper.one<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
    const sizes = await readSizes(keeper, tables);
    const kept = keeper;
    return {
      lsn: start.lsn,
      snapshot,
      keeper,
      sizes,
      close: async () => {
        await Promise.all([kept.close(), replication.close()]);
      },
    };
  } catch (error) {
    await Promise.all([keeper?.close(), replication.close()]);
    throw error;
  }
}

async function readSizes(
  session: Session,
  tables: readonly Table[],
): Promise<Map<string, { blocks: number; bytes: number }>> {
  const rows = await session.query<{ oid: number; blocks: number; bytes: number }>(
    `SELECT oid::int8::float8 AS oid, pg_table_size(oid)::float8 AS bytes,
            (pg_relation_size(oid) / current_setting('block_size')::int)::float8 AS blocks
       FROM unnest($1::oid[]) AS oid`,
    [tables.map(({ oid }) => oid)],
  );
  const byOid = new Map(rows.map(({ oid, blocks, bytes }) => [oid, { blocks, bytes }]));
  return new Map(tables.map(({ oid, name }) => [name, byOid.get(oid) ?? { blocks: 0, bytes: 0 }]));
}
