import { ConnectionError, QueryError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import { waitFor } from '../../postgres/wait.js';
import { REPLICATION_SET } from '../direction.js';
import { peekCall } from '../peek.js';
import type { Facts } from './facts.js';

/** A change of a row as pglogical's output plugin tells it. */
export interface Change {
  readonly action: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly schema: string;
  readonly table: string;
  /** JSON with `newtuple` or `oldtuple` or both, as text, so that no number loses digits. */
  readonly json: string;
}

const ACTIONS: Readonly<Record<string, Change['action']>> = { I: 'INSERT', U: 'UPDATE', D: 'DELETE' };

/** A slot whose worker fails and starts again is in use for a moment now and then. */
const BUSY_MS = 3_000;
const READ_TIMEOUT_MS = 10_000;

/** How many changes are read at most, and how many bytes of each: the first transaction is what matters. */
const MOST_CHANGES = 1_000;
const LONGEST_CHANGE = 1_000_000;

/**
 * The changes of the first transaction that the subscriber has not applied, read from the slot without consuming them.
 * The slot must not be in use. Read as role pglogical: it alone may load the output plugin on servers that want it listed.
 * @returns null when they could not be read
 */
export async function nextChanges(facts: Facts): Promise<Change[] | null> {
  const tables = await facts.provider.query<{ schema: string; table: string }>(
    'SELECT nspname::text AS schema, relname::text AS table FROM pglogical.tables WHERE set_name = $1',
    [REPLICATION_SET],
  );
  const rows = await peek(facts, await appliedUpTo(facts));
  return rows?.flatMap(({ data }) => readChange(data, tables) ?? []) ?? null;
}

/**
 * A line of the plugin's JSON as a change. The plugin does not escape the names of tables, so a line whose table is called
 * `a"b` is no JSON: the table is found by what its line must begin with.
 * @returns undefined for what is no change of one of the tables, or cannot be read
 */
export function readChange(data: string, tables: readonly { schema: string; table: string }[]): Change | undefined {
  for (const [letter, action] of Object.entries(ACTIONS)) {
    for (const { schema, table } of tables) {
      const head = `{"action":"${letter}","relation":["${schema}","${table}"],`;
      if (!data.startsWith(head)) continue;
      const json = `{${data.slice(head.length)}`;
      return isJson(json) ? { action, schema, table, json } : undefined;
    }
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function appliedUpTo({ subscriber, subscription }: Facts): Promise<string> {
  const [origin] = await subscriber.query<{ lsn: string | null }>(
    'SELECT pg_replication_origin_progress(roname, false)::text AS lsn FROM pg_replication_origin WHERE roname = $1',
    [subscription.slot],
  );
  return origin?.lsn ?? '0/0';
}

async function peek(facts: Facts, applied: string): Promise<{ data: string }[] | null> {
  const session = await readerOf(facts);
  try {
    const rows = await waitFor(
      async () => {
        try {
          return await session.query<{ data: string }>(PEEK, [
            facts.subscription.slot,
            REPLICATION_SET,
            applied,
            MOST_CHANGES,
            LONGEST_CHANGE,
          ]);
        } catch (error) {
          if (error instanceof QueryError && error.sqlstate === SQLSTATE.objectInUse) return undefined;
          throw error;
        }
      },
      { deadline: BUSY_MS, signal: facts.pair.environment.signal },
    );
    return rows ?? null;
  } catch (error) {
    // WAL that is gone, a plugin that is refused, a transaction too large for the time: other checks speak of the first two.
    if (error instanceof QueryError) return null;
    throw error;
  } finally {
    await session.close();
  }
}

async function readerOf({ direction }: Facts): Promise<Session> {
  const limits = { statementTimeout: READ_TIMEOUT_MS };
  try {
    return await direction.provider.open('pglogical', limits);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return direction.provider.open('root', limits);
  }
}

const PEEK = `
WITH rows AS MATERIALIZED (
  SELECT ordinality AS place, lsn, xid::text AS xid, data
    FROM ${peekCall(100)} WITH ORDINALITY
), changes AS (
  SELECT * FROM rows WHERE data LIKE '{"action":"I"%' OR data LIKE '{"action":"U"%' OR data LIKE '{"action":"D"%'
), next AS (
  -- A commit's row stands at the transaction's end. What ends before the subscriber's position is applied already.
  SELECT c.xid FROM rows c
   WHERE c.data LIKE '{"action":"C"%' AND c.lsn > $3::pg_lsn AND c.xid IN (SELECT xid FROM changes)
   ORDER BY c.place LIMIT 1
)
SELECT data FROM changes JOIN next USING (xid) WHERE length(data) <= $5 ORDER BY place LIMIT $4`;
