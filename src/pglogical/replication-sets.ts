import { RefusedError } from '../errors.js';
import type { Side } from '../pair/side.js';
import { retryOn } from '../postgres/retry.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { REPLICATION_SET, type Direction } from './direction.js';
import { hasPglogical } from './extension.js';
import { literal, qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { readSubscription } from './state.js';

const LOCK_ATTEMPTS = 10;

/** A table that is to be in the set. */
export interface SetMember {
  readonly schema: string;
  readonly name: string;
}

/** The tables in belt's replication set on a side, as `schema.table` quoted; empty when there is no set. */
export async function tablesInSet(side: Side): Promise<Set<string>> {
  const session = await side.root();
  if (!(await hasPglogical(session))) return new Set();
  const rows = await session.query<{ nspname: string; relname: string }>(
    'SELECT nspname, relname FROM pglogical.tables WHERE set_name = $1',
    [REPLICATION_SET],
  );
  return new Set(rows.map(({ nspname, relname }) => qualified(nspname, relname)));
}

/** The tables whose changes flow in a direction, as `schema.table` quoted; empty while it is not configured. */
export async function tablesFlowing({ provider, subscriber, subscription }: Direction): Promise<Set<string>> {
  const configured = (await readSubscription(await subscriber.root(), subscription)) !== null;
  return configured ? tablesInSet(provider) : new Set();
}

async function setExists(side: Side): Promise<boolean> {
  const session = await side.root();
  if (!(await hasPglogical(session))) return false;
  const rows = await session.query('SELECT 1 FROM pglogical.replication_set WHERE set_name = $1', [REPLICATION_SET]);
  return rows.length > 0;
}

/** @returns why there is nothing to do, or null when the set or tables in it are missing */
export async function setReady(side: Side, tables: readonly SetMember[]): Promise<string | null> {
  if (!(await setExists(side))) return null;
  const missing = await missingFromSet(side, tables);
  return missing.length === 0 ? `replication set ${REPLICATION_SET} has all ${String(tables.length)} tables` : null;
}

/**
 * Makes the set and puts the tables in it. Must come before the subscription: a row committed between the subscription's
 * snapshot and the adding of its table would be lost without a word.
 * @throws RefusedError when a table stays locked by a long transaction, naming it and who holds it
 */
export async function fillSet(side: Side, tables: readonly SetMember[]): Promise<string> {
  const session = await side.root();
  if (!(await setExists(side))) {
    await session.query('SELECT pglogical.create_replication_set(set_name := $1)', [REPLICATION_SET]);
  }
  const before = await missingFromSet(side, tables);
  try {
    // Adding a table waits for open write transactions on it and blocks later ones meanwhile: give up soon, try again.
    await retryOn([SQLSTATE.lockNotAvailable], LOCK_ATTEMPTS, async () => {
      await addEach(session, await missingFromSet(side, tables));
    });
  } catch (error) {
    throw await nameBlockers(side, await missingFromSet(side, tables), error);
  }
  return `added ${String(before.length)}`;
}

async function missingFromSet(side: Side, tables: readonly SetMember[]): Promise<SetMember[]> {
  const there = await tablesInSet(side);
  return tables.filter((table) => !there.has(qualified(table.schema, table.name)));
}

/**
 * Sends all tables at once, but adds each in a transaction of its own: one that held locks on several tables could meet
 * the application's transactions in a deadlock, and the server might end the application's.
 */
async function addEach(session: Session, tables: readonly SetMember[]): Promise<void> {
  const statements = tables.map(({ schema, name }) => {
    const relation = `${literal(qualified(schema, name))}::regclass`;
    return `BEGIN;
      SELECT pglogical.replication_set_add_table(set_name := ${literal(REPLICATION_SET)}, relation := ${relation});
      COMMIT;`;
  });
  try {
    await session.query(statements.join('\n'));
  } catch (error) {
    // As in Session.transaction(): what fails is a transaction in the middle of the text.
    await session.client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function nameBlockers(side: Side, tables: readonly SetMember[], error: unknown): Promise<unknown> {
  if ((error as { sqlstate?: string }).sqlstate !== SQLSTATE.lockNotAvailable) return error;
  const session = await side.root();
  const blockers = await session.query<{ pid: number; usename: string; relation: string; seconds: number }>(
    `SELECT a.pid, a.usename, l.relation::regclass::text AS relation,
            extract(epoch FROM now() - a.xact_start)::int AS seconds
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.relation IN (SELECT format('%I.%I', t.schema, t.name)::regclass FROM unnest($1::text[], $2::text[]) AS t (schema, name))
        AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
      ORDER BY a.xact_start LIMIT 5`,
    [tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  );
  const who = blockers.map(
    ({ pid, usename, relation, seconds }) => `pid ${String(pid)} (${usename}) on ${relation} for ${String(seconds)} s`,
  );
  return new RefusedError(
    `tables of the ${side.toString()} are locked by open transactions: ${who.join('; ') || 'which have ended meanwhile'}`,
    {
      hint: 'Wait until those transactions end, or end them (SELECT pg_terminate_backend(pid)), then run the same command again.',
      detail: { side: side.name, blockers: who },
    },
  );
}
