import { patiently } from '../pair/patiently.js';
import type { Side } from '../pair/side.js';
import type { Step } from '../pair/steps.js';
import { ident, qualified } from '../postgres/quote.js';
import type { Session } from '../postgres/session.js';
import { dropJournal, journalThere } from './copy-journal.js';
import type { OwnCopy } from './copy-state.js';
import { REPLICATION_SET } from './direction.js';
import { hasPglogical } from './extension.js';

/**
 * Proves that pglogical's initial copy was committed. pglogical does not look at how its COPY into the destination
 * ended: when a row of the last table is refused, the whole copy is rolled back, and every table still counts as synced
 * and the subscription as replicating. The copy is one transaction, so belt lets it carry a table of its own with one row
 * that nothing else ever writes: when that row is on the destination, everything is.
 */
const SCHEMA = 'belt';
const TABLE = 'initial_copy';

/** The table that carries the proof, as a member of the replication set. */
export const COPY_PROOF = { schema: SCHEMA, name: TABLE } as const;

const PROOF = qualified(SCHEMA, TABLE);

/** Whether the table is there: from setup until forward replication is ended, or the migration is set back. */
export async function proofTableThere(session: Session): Promise<boolean> {
  const { there } = await session.one<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [PROOF]);
  return there;
}

/**
 * Whether the initial copy is whole: by belt's journal where belt has copied itself, else by pglogical's row.
 * @param copy what the journal says
 * @returns null when this database was set up with neither
 */
export async function copyProven(destination: Session, copy: OwnCopy | null): Promise<boolean | null> {
  if (copy !== null) return copy.phase === 'done';
  if (!(await proofTableThere(destination))) return null;
  const { proven } = await destination.one<{ proven: boolean }>(`SELECT EXISTS (SELECT FROM ${PROOF}) AS proven`);
  return proven;
}

/** The step that makes the table on a side: with its row on the source, empty on the destination. */
export function prepareProofStep(side: Side, subscribed: () => Promise<string | null>): Step {
  return {
    name: `prepare-copy-proof-${side.name}`,
    title: `prepare the proof of the initial copy on the ${side.word}`,
    done: subscribed,
    run: async () => {
      const session = await side.root();
      await session.transaction(async () => {
        await session.query(`CREATE SCHEMA IF NOT EXISTS ${ident(SCHEMA)}`);
        await session.query(`CREATE TABLE IF NOT EXISTS ${PROOF} (id int PRIMARY KEY)`);
        await session.query(
          side.name === 'src' ? `INSERT INTO ${PROOF} VALUES (1) ON CONFLICT DO NOTHING` : `DELETE FROM ${PROOF}`,
        );
        const role = ident(side.config.pglogical_user.name);
        await session.query(`GRANT USAGE ON SCHEMA ${ident(SCHEMA)} TO ${role}`);
        await session.query(`GRANT SELECT, INSERT, TRUNCATE ON ${PROOF} TO ${role}`);
      });
      return undefined;
    },
  };
}

/** The step that takes the table away again, once the direction is torn down. */
export function removeProofStep(side: Side, signal: AbortSignal): Step {
  return {
    name: `remove-copy-proof-${side.name}`,
    title: `remove the proof of the initial copy on the ${side.word}`,
    done: async () => {
      const session = await side.root();
      return (await proofTableThere(session)) || (await journalThere(session)) ? null : 'there is none';
    },
    run: async (progress) => {
      await patiently(side, { what: 'removing the proof of the initial copy', signal, progress }, async (session) => {
        await session.transaction(async () => {
          await leaveSet(session);
          await session.query(`DROP TABLE IF EXISTS ${PROOF}`);
          await dropJournal(session);
          await dropSchemaIfEmpty(session);
        });
      });
      return undefined;
    },
  };
}

async function leaveSet(session: Session): Promise<void> {
  if (!(await hasPglogical(session))) return;
  await session.query(
    `SELECT pglogical.replication_set_remove_table($1, relid) FROM pglogical.tables
      WHERE set_name = $1 AND nspname = $2 AND relname = $3`,
    [REPLICATION_SET, SCHEMA, TABLE],
  );
}

/**
 * Drops belt's schema where nothing is left in it; somebody's own objects may be in a schema of that name. To be called in
 * the transaction that takes away what is belt's: nothing would tell later that an empty schema is of its making.
 */
export async function dropSchemaIfEmpty(session: Session): Promise<void> {
  const empty = await session.query(
    `SELECT FROM pg_namespace n
      WHERE n.nspname = $1
        AND NOT EXISTS (SELECT FROM pg_depend d
                         WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype <> 'a')`,
    [SCHEMA],
  );
  if (empty.length > 0) await session.query(`DROP SCHEMA ${ident(SCHEMA)}`);
}
