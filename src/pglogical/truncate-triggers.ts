import { patiently } from '../pair/patiently.js';
import type { Side } from '../pair/side.js';
import type { Step } from '../pair/steps.js';
import { ident, qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';

/** Statements sent at once: enough to save round trips, few enough that a lock in the way keeps little waiting. */
const BATCH = 100;

interface TruncateTrigger {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
}

/**
 * The triggers that pglogical puts on replicated tables and leaves there when their set is dropped. Because of them, DROP
 * EXTENSION would have to shut everybody out of all those tables at once.
 */
async function truncateTriggers(session: Session): Promise<TruncateTrigger[]> {
  return session.query<TruncateTrigger>(
    `SELECT n.nspname AS schema, c.relname AS "table", t.tgname AS name
       FROM pg_trigger t
       JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace
      WHERE f.nspname = 'pglogical' AND p.proname = 'queue_truncate'
      ORDER BY 1, 2, 3`,
  );
}

/** Takes the triggers away, a table at a time, so that no table waits for another one's readers. */
export function dropTriggersStep(side: Side, signal: AbortSignal): Step {
  return {
    name: `drop-triggers-${side.name}`,
    title: `drop pglogical's triggers from the tables of the ${side.word}`,
    done: async () => ((await truncateTriggers(await side.root())).length === 0 ? 'there are none' : null),
    run: async (progress) => {
      const root = await side.root();
      const before = await truncateTriggers(root);
      // Only a table's owner may drop its triggers, and superusers.
      const { rolsuper } = await root.one<{ rolsuper: boolean }>(
        'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
      );
      const options = { what: "dropping pglogical's triggers", role: rolsuper ? 'root' : 'owner', signal } as const;
      await patiently(side, { ...options, progress }, dropAll);
      return `dropped ${String(before.length)}`;
    },
  };
}

async function dropAll(session: Session): Promise<void> {
  const left = await truncateTriggers(session);
  for (let start = 0; start < left.length; start += BATCH) {
    const statements = left
      .slice(start, start + BATCH)
      .map((one) => `BEGIN; DROP TRIGGER ${ident(one.name)} ON ${qualified(one.schema, one.table)}; COMMIT;`);
    try {
      await session.query(statements.join('\n'));
    } catch (error) {
      await session.endTransaction();
      throw error;
    }
  }
}
