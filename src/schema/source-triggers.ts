import type { Pair } from '../pair/pair.js';
import type { Step } from '../pair/steps.js';
import { dropSchemaIfEmpty } from '../pglogical/copy-proof.js';
import { triggerStates, type TriggerFacts } from '../postgres/catalog/triggers.js';
import { Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { alterAll, differingTriggers, names, QUIET, quieted, setState } from './relaxed.js';

/**
 * The source's triggers while back replication brings rows: they are quiet, and the source remembers how each was, since
 * the destination may be gone when they are to fire again. The application, should it return, notices nothing.
 */

const MEMORY = '"belt"."quiet_trigger"';

/**
 * The step that keeps the source's triggers from firing for rows that come back, once the destination has them as they were.
 * @param subscribed why rows come back, or null when they do not
 */
export function quietSourceStep(pair: Pair, subscribed: () => Promise<string | null>): Step {
  let triggers: TriggerFacts[] = [];
  return {
    name: 'quiet-source-triggers',
    title: 'keep triggers on the source from firing for rows that come back',
    done: async () => {
      if ((await subscribed()) === null) return 'back replication is not set up';
      triggers = await differingTriggers(pair, 'dst', (own) => own);
      return triggers.length === 0 ? 'none would' : null;
    },
    run: async () => {
      // First: whoever ends in between leaves triggers as they are, and a line too many does no harm.
      await remember(await pair.src.root(), triggers);
      await alterAll(
        pair,
        triggers.map((one) => setState(quieted(one))),
        'src',
      );
      return `changed ${names(triggers)}; teardown-back-replication changes them back`;
    },
  };
}

/** The step that undoes quietSourceStep(). It needs the source alone. What somebody has changed meanwhile stays so. */
export function restoreSourceTriggersStep(pair: Pair): Step {
  return {
    name: 'restore-source-triggers',
    title: 'let triggers on the source fire as before',
    done: async () => ((await hasMemory(await pair.src.root())) ? null : 'they do'),
    run: async () => {
      const session = await pair.src.root();
      const before = await session.query<TriggerFacts>(
        `SELECT schema_name AS schema, table_name AS "table", trigger_name AS name, state FROM ${MEMORY} ORDER BY 1, 2, 3`,
      );
      const schemas = new Schemas([...new Set(before.map(({ schema }) => schema))]);
      const now = new Map((await triggerStates(session, schemas)).map((one) => [keyOf(one), one.state]));
      const quiet = before.filter((one) => now.get(keyOf(one)) === QUIET.get(one.state));
      await alterAll(
        pair,
        quiet.map((one) => setState(one)),
        'src',
      );
      await forget(session);
      return quiet.length === 0 ? 'they do already' : `changed ${names(quiet)}`;
    },
  };
}

function keyOf({ schema, table, name }: TriggerFacts): string {
  return JSON.stringify([schema, table, name]);
}

async function hasMemory(session: Session): Promise<boolean> {
  return (await session.one<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [MEMORY])).there;
}

async function remember(session: Session, triggers: readonly TriggerFacts[]): Promise<void> {
  // One message, so one transaction.
  await session.query(
    `CREATE SCHEMA IF NOT EXISTS "belt";
     CREATE TABLE IF NOT EXISTS ${MEMORY} (schema_name text, table_name text, trigger_name text, state "char" NOT NULL,
       PRIMARY KEY (schema_name, table_name, trigger_name))`,
  );
  await session.query(
    `INSERT INTO ${MEMORY}
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::"char"[])
         ON CONFLICT (schema_name, table_name, trigger_name) DO UPDATE SET state = excluded.state`,
    [
      triggers.map(({ schema }) => schema),
      triggers.map(({ table }) => table),
      triggers.map(({ name }) => name),
      triggers.map(({ state }) => state),
    ],
  );
}

async function forget(session: Session): Promise<void> {
  await session.transaction(async () => {
    await session.query(`DROP TABLE ${MEMORY}`);
    await dropSchemaIfEmpty(session);
  });
}
