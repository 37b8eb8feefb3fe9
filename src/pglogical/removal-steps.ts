import { DeadlineError, QueryError, RefusedError } from '../errors.js';
import { patiently } from '../pair/patiently.js';
import type { Side } from '../pair/side.js';
import type { Plan, Step } from '../pair/steps.js';
import type { Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { waitFor } from '../postgres/wait.js';
import { revokeAccessStep } from './access.js';
import { removeProofStep } from './copy-proof.js';
import { nodeName, REPLICATION_SET, SUBSCRIPTIONS } from './direction.js';
import { dropRoleStep } from './drop-role.js';
import { dropExtensionSteps } from './drop-extension.js';
import { hasPglogical } from './extension.js';
import { BELT_SETS, foreignParts, readInventory, slotsOfOthers } from './inventory.js';
import { dropSubscription } from './subscriptions.js';
import { dropTriggersStep } from './truncate-triggers.js';

/** A slot is given that long to be without reader. */
const SLOT_DEADLINE_MS = 20_000;

export interface RemovalOptions {
  /** The schemas that move, in which the role has rights. */
  readonly schemas: () => Promise<Schemas>;
  /** The extensions as well. */
  readonly full: boolean;
  /** Go on although something is not belt's, or in use. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/**
 * Refuses when pglogical serves something else in the side's database as well, naming it.
 * @param other the database on the other side, where slots for any other than that count as somebody else's too
 */
export function foreignStep(side: Side, { force }: Pick<RemovalOptions, 'force'>, other?: string): Step {
  return {
    name: `check-others-${side.name}`,
    title: `check that nothing but belt uses pglogical in the database of the ${side.word}`,
    readOnly: true,
    run: async () => {
      const session = await side.root();
      const inventory = await readInventory(session);
      const foreign = foreignParts(inventory);
      if (other !== undefined) foreign.push(...(await slotsOfOthers(session, inventory, side.name, other)));
      if (foreign.length === 0) return 'nothing else does';
      if (force) return `goes too, because of --force: ${foreign.join(', ')}`;
      throw new RefusedError(`pglogical serves something else in the ${side.toString()}: ${foreign.join(', ')}`, {
        hint: "Find out whose that is. --force removes it together with what is belt's.",
        detail: { side: side.name, objects: foreign },
      });
    },
  };
}

/**
 * The steps that take away from one side all that setup put there, but for the schema that was loaded. They come after
 * belt's own subscriptions are dropped with dropSteps(); any that is left is dropped here. Subscriptions come first, since
 * the extension's end would leave their worker, slot and origin behind; then what keeps the extension's end from waiting
 * for every table; the role last.
 */
export function removalSteps(side: Side, options: RemovalOptions): Plan {
  const { schemas, full, signal } = options;
  return [
    dropSubscriptionsStep(side, signal),
    dropSlotsStep(side, options),
    dropOriginsStep(side, signal),
    removeProofStep(side, signal),
    dropSetStep(side, signal),
    dropTriggersStep(side, signal),
    dropNodeStep(side, signal),
    ...(full ? dropExtensionSteps(side, signal) : []),
    revokeAccessStep(side, schemas),
    dropRoleStep(side),
  ];
}

/** Subscriptions of this side of which the config does not know the provider. */
function dropSubscriptionsStep(side: Side, signal: AbortSignal): Step {
  const left = async () => (await readInventory(await side.root())).subscriptions;
  return {
    name: `drop-subscriptions-${side.name}`,
    title: `drop the subscriptions that are left on the ${side.word}`,
    done: async () => ((await left()).length === 0 ? 'there are none' : null),
    run: async () => {
      const subscriptions = await left();
      for (const { name } of subscriptions) await dropSubscription({ subscriber: side, subscription: name }, signal);
      const slots = subscriptions.map(({ slot }) => slot).join(', ');
      return `dropped ${subscriptions.map(({ name }) => name).join(', ')}; if a provider did not answer, slot ${slots} is still there and holds WAL`;
    },
  };
}

/** Slots of subscribers that are gone. Dropping the node would drop them too, but not say so, nor wait for their readers. */
function dropSlotsStep(side: Side, { force, signal }: RemovalOptions): Step {
  const left = async () => (await readInventory(await side.root())).slots;
  return {
    name: `drop-slots-${side.name}`,
    title: `drop pglogical's slots that are left on the ${side.word}`,
    done: async () => ((await left()).length === 0 ? 'there are none' : null),
    run: async () => {
      const before = await left();
      const gone = await waitFor(
        async () => {
          const session = await side.root();
          if (force) {
            // A subscriber that still lives comes back after some seconds; that is long enough.
            await session.query(
              'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = ANY ($1) AND active_pid IS NOT NULL',
              [before.map(({ name }) => name)],
            );
          }
          const idle = (await left()).filter(({ active }) => !active);
          for (const { name } of idle) await dropUnlessUsed(session, 'pg_drop_replication_slot', name);
          return (await left()).length === 0 ? true : undefined;
        },
        { deadline: SLOT_DEADLINE_MS, signal },
      );
      if (gone === true) return `dropped ${before.map(({ name }) => name).join(', ')}`;
      const names = (await left()).map(({ name }) => name);
      throw new DeadlineError(`slot ${names.join(', ')} on the ${side.toString()} is in use`, {
        hint: 'A subscriber still reads it: drop its subscription first, or run the same command again with --force.',
        detail: { side: side.name, slots: names },
      });
    },
  };
}

/** Origins of belt's subscriptions, which outlive one that was dropped in bad times. */
function dropOriginsStep(side: Side, signal: AbortSignal): Step {
  const left = async (): Promise<string[]> => {
    const session = await side.root();
    if (!(await hasPglogical(session))) return [];
    const rows = await session.query<{ name: string }>(
      `SELECT roname AS name FROM pg_replication_origin
        WHERE roname IN (pglogical.pglogical_gen_slot_name(current_database(), $1, $2),
                         pglogical.pglogical_gen_slot_name(current_database(), $3, $4))
        ORDER BY 1`,
      [nodeName('src'), SUBSCRIPTIONS.forward, nodeName('dst'), SUBSCRIPTIONS.back],
    );
    return rows.map(({ name }) => name);
  };
  return {
    name: `drop-origins-${side.name}`,
    title: `drop the replication origins that are left on the ${side.word}`,
    done: async () => ((await left()).length === 0 ? 'there are none' : null),
    run: async () => {
      const before = await left();
      const session = await side.root();
      // A worker that is just ending still holds its origin.
      const gone = await waitFor(
        async () => {
          for (const name of await left()) await dropUnlessUsed(session, 'pg_replication_origin_drop', name);
          return (await left()).length === 0 ? true : undefined;
        },
        { deadline: SLOT_DEADLINE_MS, signal },
      );
      if (gone === true) return `dropped ${before.join(', ')}`;
      throw new DeadlineError(`replication origin ${(await left()).join(', ')} on the ${side.toString()} is in use`, {
        hint: 'An apply worker still runs. Run the same command again in a moment.',
        detail: { side: side.name, origins: await left() },
      });
    },
  };
}

/** What somebody took into use between the look and this is left for the next look. */
async function dropUnlessUsed(
  session: Session,
  drop: 'pg_drop_replication_slot' | 'pg_replication_origin_drop',
  name: string,
): Promise<void> {
  try {
    await session.query(`SELECT ${drop}($1)`, [name]);
  } catch (error) {
    if (!(error instanceof QueryError) || error.sqlstate !== SQLSTATE.objectInUse) throw error;
  }
}

function dropSetStep(side: Side, signal: AbortSignal): Step {
  const left = async (): Promise<string[]> =>
    (await readInventory(await side.root())).sets.filter((name) => BELT_SETS.includes(name));
  return {
    name: `drop-replication-set-${side.name}`,
    title: `drop replication set ${REPLICATION_SET} on the ${side.word}`,
    done: async () => ((await left()).length === 0 ? 'there is none' : null),
    run: async (progress) => {
      for (const name of await left()) {
        await patiently(side, { what: `dropping replication set ${name}`, signal, progress }, (session) =>
          session.query('SELECT pglogical.drop_replication_set($1, true)', [name]),
        );
      }
      return undefined;
    },
  };
}

function dropNodeStep(side: Side, signal: AbortSignal): Step {
  return {
    name: `drop-node-${side.name}`,
    title: `drop the pglogical node of the ${side.word}`,
    done: async () => ((await readInventory(await side.root())).node === null ? 'there is none' : null),
    run: async (progress) => {
      const { node } = await readInventory(await side.root());
      if (node === null) return undefined;
      await patiently(side, { what: `dropping node ${node}`, signal, progress }, (session) =>
        session.query('SELECT pglogical.drop_node($1, true)', [node]),
      );
      return `dropped ${node}`;
    },
  };
}
