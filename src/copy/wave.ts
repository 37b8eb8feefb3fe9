import { setTimeout as sleep } from 'node:timers/promises';
import type { Pair } from '../pair/pair.js';
import type { Table } from '../postgres/catalog/tables.js';
import { literal, qualified } from '../postgres/quote.js';
import { ReplicationSession } from '../postgres/replication-session.js';
import type { Session } from '../postgres/session.js';

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

const LOOK_MS = 1_000;

/**
 * Opens a wave: a slot with its snapshot, and the tables locked against TRUNCATE and rewriting (readers and writers go
 * on), so that their blocks stay what they are.
 * @param slot its name; null for a passing one
 * @param progress is told what the slot waits for
 */
export async function openWave(
  pair: Pair,
  slot: string | null,
  tables: readonly Table[],
  progress: (text: string) => void,
): Promise<Wave> {
  const { src, environment } = pair;
  const applicationName = `belt setup (pid ${String(environment.pid)})`;
  // As role pglogical: it alone may load the output plugin on servers that want plugins listed.
  const replication = await ReplicationSession.connect(src.address('pglogical'), {
    applicationName,
    signal: environment.signal,
  });
  let keeper: Session | undefined;
  try {
    const start = await whileNamingBlockers(
      await src.root(),
      await replication.pid(),
      progress,
      replication.createSlot(slot ?? `belt_copy_${String(environment.pid)}`, slot === null),
    );
    keeper = await src.open('root', { statementTimeout: 0 });
    await keeper.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${literal(start.snapshot)}`,
    );
    const names = tables.map(({ schema, name }) => `ONLY ${qualified(schema, name)}`);
    if (names.length > 0) await keeper.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
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

/** A slot waits for every transaction of the whole server that writes: whoever waits for it wants to know which. */
async function whileNamingBlockers<T>(
  session: Session,
  pid: number,
  progress: (text: string) => void,
  work: Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const watch = (async () => {
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal: over.signal });
      const blockers = await slotBlockers(session, pid);
      if (blockers.length > 0) progress(`waits for transactions that were open before: ${blockers.join(', ')}`);
    }
  })().catch(() => undefined);
  try {
    return await work;
  } finally {
    over.abort();
    await watch;
  }
}

/** The transactions of all databases that have written and are older than the slot's session's wait. */
export async function slotBlockers(session: Session, pid: number): Promise<string[]> {
  const rows = await session.query<{ who: string }>(
    `SELECT format('pid %s (%s in database %s, %s, for %s s)', pid, usename, datname,
                   coalesce(nullif(application_name, ''), 'no application name'),
                   extract(epoch FROM clock_timestamp() - xact_start)::int) AS who
       FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> $1 AND xact_start IS NOT NULL
     UNION ALL
     SELECT format('prepared transaction %s (%s in database %s, since %s)', gid, owner, database, prepared::timestamptz(0))
       FROM pg_prepared_xacts
     LIMIT 5`,
    [pid],
  );
  return rows.map(({ who }) => who);
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
