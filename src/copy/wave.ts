import { randomBytes } from 'node:crypto';
import { ConnectionError } from '../errors.js';
import { beginPatiently } from '../pair/patiently.js';
import type { Pair } from '../pair/pair.js';
import type { Table } from '../postgres/catalog/tables.js';
import { literal, qualified } from '../postgres/quote.js';
import type { Label } from '../postgres/schemas.js';
import type { ReplicationSession } from '../postgres/replication-session.js';
import type { Session } from '../postgres/session.js';
import { whileNamingBlockers, type SlotWait } from './slot-wait.js';

/** The snapshot is gone, since the session that kept it is: what is not whole yet must come from a new one. */
export class SnapshotLostError extends ConnectionError {}

/** A wave: all that is copied from one snapshot of the source. */
export interface Wave {
  /** Where the snapshot is in the write-ahead log. */
  readonly lsn: string;
  /** For SET TRANSACTION SNAPSHOT, until close(). */
  readonly snapshot: string;
  /** Blocks and bytes of each table, by label. */
  readonly sizes: ReadonlyMap<Label, { readonly blocks: number; readonly bytes: number }>;
  /**
   * Makes sure that the snapshot and the locks have been there all the time: that nothing was rewritten.
   * @throws SnapshotLostError
   */
  verify(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a wave: a snapshot, and the tables locked against TRUNCATE and rewriting (readers and writers go on), so that their
 * blocks stay what they are. A passing slot only serves to know where in the log the snapshot is.
 */
export async function openWave(
  pair: Pair,
  replication: ReplicationSession,
  tables: readonly Table[],
  wait: SlotWait,
): Promise<Wave> {
  const { src, environment } = pair;
  const { progress } = wait;
  let keeper: Session | undefined;
  try {
    const start = await whileNamingBlockers(
      pair,
      replication,
      wait,
      replication.takeSnapshot(passingSlot(environment.pid)),
    );
    keeper = await src.open('root', { statementTimeout: 0 });
    const names = tables.map(({ schema, name }) => `ONLY ${qualified(schema, name)}`);
    const lock = names.length === 0 ? '' : `LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`;
    await beginPatiently(
      src,
      keeper,
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${literal(start.snapshot)}; ${lock}`,
      { what: 'reading the tables', signal: environment.signal, progress },
    );
    await refuseRewritten(keeper, tables);
    const { snapshot } = await keeper.one<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
    const sizes = await readSizes(keeper, tables);
    const kept = keeper;
    return {
      lsn: start.lsn,
      snapshot,
      sizes,
      verify: together(() => verifyKeeper(kept)),
      close: () => kept.close(),
    };
  } catch (error) {
    await keeper?.close();
    throw error;
  }
}

/** One that the server has not noticed yet to be without its reader must not be in the way of the next. */
function passingSlot(pid: number): string {
  return `belt_copy_${String(pid)}_${randomBytes(3).toString('hex')}`;
}

/**
 * A snapshot sees an empty table where one was rewritten after it (ALTER TABLE, TRUNCATE), and blocks that mean something
 * else after VACUUM FULL. From here on the locks keep all of them away; what happened before, the files tell.
 */
async function refuseRewritten(keeper: Session, tables: readonly Table[]): Promise<void> {
  const rewritten = await keeper.query<{ name: string }>(
    `SELECT t.name FROM unnest($1::oid[], $2::text[]) AS t (oid, name) LEFT JOIN pg_class c ON c.oid = t.oid
      WHERE c.relfilenode IS DISTINCT FROM pg_relation_filenode(t.oid)`,
    [tables.map(({ oid }) => oid), tables.map(({ name }) => name)],
  );
  if (rewritten.length === 0) return;
  const names = rewritten.map(({ name }) => `"${name}"`).join(', ');
  throw new SnapshotLostError(`tables of the source were rewritten just when their copy began: ${names}`, {
    hint: 'Run the same command again.',
    detail: { side: 'src', tables: rewritten.map(({ name }) => name) },
  });
}

async function verifyKeeper(keeper: Session): Promise<void> {
  try {
    await keeper.query('SELECT');
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    throw new SnapshotLostError(`the snapshot of the source is gone: ${error.message}`, {
      hint: 'Run the same command again: it goes on with what is missing.',
      detail: { side: 'src' },
      cause: error,
    });
  }
}

/** Callers that come while a call runs share the next one: it begins after each of them has asked. */
function together(ask: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () =>
    (next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        running = ask();
        return running;
      }));
}

async function readSizes(
  session: Session,
  tables: readonly Table[],
): Promise<Map<Label, { blocks: number; bytes: number }>> {
  const rows = await session.query<{ oid: number; blocks: number; bytes: number }>(
    `SELECT oid::int8::float8 AS oid, pg_table_size(oid)::float8 AS bytes,
            (pg_relation_size(oid) / current_setting('block_size')::int)::float8 AS blocks
       FROM unnest($1::oid[]) AS oid`,
    [tables.map(({ oid }) => oid)],
  );
  const byOid = new Map(rows.map(({ oid, blocks, bytes }) => [oid, { blocks, bytes }]));
  return new Map(tables.map(({ oid, label }) => [label, byOid.get(oid) ?? { blocks: 0, bytes: 0 }]));
}
