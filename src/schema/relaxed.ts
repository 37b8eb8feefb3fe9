import { readNonEmpty } from '../data/row-counts.js';
import { QueryError } from '../errors.js';
import type { Pair } from '../pair/pair.js';
import type { Plan, Step } from '../pair/steps.js';
import {
  constraintComments,
  constraintKey,
  lateConstraints,
  notValidConstraints,
  type LateConstraint,
} from '../postgres/catalog/constraints.js';
import { triggerStates, type TriggerFacts, type TriggerState } from '../postgres/catalog/triggers.js';
import { ident, qualified } from '../postgres/quote.js';
import type { ObjectName } from '../postgres/schemas.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { dropConstraint } from './constraint-plan.js';
import { builder } from './object-owners.js';
import { DDL_TIMEOUTS, runDdl } from './statements.js';

/**
 * What the destination must not have while rows are copied and replicated, though the source has it: CHECKs that are not
 * true of every row any more, and triggers that fire for replicated rows. It gets them back in the downtime.
 */

/** How long a CHECK may be looked at in the downtime; one that takes longer stays NOT VALID, and is named. */
const VALIDATE_MS = 5_000;

/** @param subscribed why there is nothing to do, if the rows are on their way already */
export function relaxSteps(pair: Pair, subscribed: () => Promise<string | null>): Plan {
  let checks: LateConstraint[] = [];
  let triggers: TriggerFacts[] = [];
  // Where rows are and the subscription is not, the migration is over: what stands there is to stay.
  const settled = async (tables: readonly ObjectName[]): Promise<string | null> => {
    const schemas = await pair.schemas();
    const filled = await readNonEmpty(
      await pair.dst.root(),
      tables.map((table) => ({ ...table, label: schemas.label(table) })),
    );
    return filled.size > 0 ? 'the tables have rows already' : subscribed();
  };
  return [
    {
      name: 'take-off-checks',
      title: 'take off CHECKs on the destination that may not be true of every row any more',
      done: async () => {
        const [{ src, dst }, schemas] = await Promise.all([pair.roots(), pair.schemas()]);
        const [late, there] = await Promise.all([lateConstraints(src, schemas), constraintComments(dst, schemas)]);
        checks = late.filter((one) => one.valid && there.has(constraintKey(one)));
        if (checks.length === 0) return 'there is none';
        return settled(
          checks.filter(({ on }) => on === 'table').map(({ schema, relation }) => ({ schema, name: relation })),
        );
      },
      // A child's goes after its parent's.
      run: async () => {
        await alterAll(
          pair,
          checks.toReversed().map((one) => dropConstraint(one)),
        );
        return `took off ${names(checks)}; sync adds them`;
      },
    },
    {
      name: 'quiet-triggers',
      title: 'keep triggers on the destination from firing for replicated rows',
      done: async () => {
        triggers = (await triggerStates(await pair.dst.root(), await pair.schemas())).filter(({ state }) =>
          QUIET.has(state),
        );
        if (triggers.length === 0) return 'none would';
        return settled(triggers.map(({ schema, table }) => ({ schema, name: table })));
      },
      run: async () => {
        await alterAll(
          pair,
          triggers.map((one) => setState(quieted(one))),
        );
        return `changed ${names(triggers)}; sync changes them back`;
      },
    },
  ];
}

/** What a trigger does that shall not fire for replicated rows, and for the application as before. */
export const QUIET: ReadonlyMap<TriggerState, TriggerState> = new Map([
  ['A', 'O'],
  ['R', 'D'],
]);

/** A trigger as it is to be while rows come. */
export function quieted(trigger: TriggerFacts): TriggerFacts {
  return { ...trigger, state: QUIET.get(trigger.state) ?? trigger.state };
}

const WORDS: Readonly<Record<TriggerState, string>> = {
  O: 'ENABLE',
  A: 'ENABLE ALWAYS',
  R: 'ENABLE REPLICA',
  D: 'DISABLE',
};

/** The statement that gives a trigger a state. */
export function setState({ schema, table, name, state }: TriggerFacts): string {
  return `ALTER TABLE ONLY ${qualified(schema, table)} ${WORDS[state]} TRIGGER ${ident(name)}`;
}

/** The step that lets triggers fire as they do on the source, for replicated rows too. */
export function restoreTriggersStep(pair: Pair): Step {
  let wrong: TriggerFacts[] = [];
  return {
    name: 'restore-triggers',
    title: 'let triggers on the destination fire as on the source',
    done: async () => {
      wrong = await differingTriggers(pair, 'src', (own) => QUIET.get(own) ?? own);
      return wrong.length === 0 ? 'they do' : null;
    },
    run: async () => {
      await alterAll(
        pair,
        wrong.map((one) => setState(one)),
      );
      return `changed ${names(wrong)}`;
    },
  };
}

/** Triggers that fire for replicated rows on a side, where the other side has them in the state given. */
export async function differingTriggers(
  pair: Pair,
  side: 'src' | 'dst',
  other: (own: TriggerState) => TriggerState,
): Promise<TriggerFacts[]> {
  const [{ src, dst }, schemas] = await Promise.all([pair.roots(), pair.schemas()]);
  const [from, to] = await Promise.all(
    (side === 'src' ? [src, dst] : [dst, src]).map((session) => triggerStates(session, schemas)),
  );
  const key = ({ schema, table, name }: TriggerFacts): string => JSON.stringify([schema, table, name]);
  const there = new Map((to ?? []).map((one) => [key(one), one.state]));
  return (from ?? []).filter((one) => QUIET.has(one.state) && there.get(key(one)) === other(one.state));
}

/**
 * The step that validates CHECKs that are valid on the source, where the rows allow it. One that is not true of every row
 * cannot be made valid: it stays NOT VALID, and holds for what is written from now on.
 */
export function validateChecksStep(pair: Pair): Step {
  let open: LateConstraint[] = [];
  return {
    name: 'validate-checks',
    title: 'validate CHECKs on the destination that are valid on the source',
    done: async () => {
      const [{ src, dst }, schemas] = await Promise.all([pair.roots(), pair.schemas()]);
      const [late, there] = await Promise.all([lateConstraints(src, schemas), notValidConstraints(dst, schemas)]);
      const waiting = new Set(there.map((one) => constraintKey(one)));
      open = late.filter((one) => one.valid && waiting.has(constraintKey(one)));
      return open.length === 0 ? 'there is none' : null;
    },
    run: async () => {
      const left: string[] = [];
      await pair.dst.withSessions(
        1,
        await builder(pair.dst, (await pair.schemas()).names),
        async ([session]) => {
          for (const one of session === undefined ? [] : open) {
            const what = one.on === 'table' ? 'TABLE' : 'DOMAIN';
            try {
              await session?.query(
                `ALTER ${what} ${qualified(one.schema, one.relation)} VALIDATE CONSTRAINT ${ident(one.name)}`,
              );
            } catch (error) {
              if (!(error instanceof QueryError)) throw error;
              const why = error.sqlstate === SQLSTATE.checkViolation ? 'rows break it' : error.message;
              left.push(`"${one.name}" on "${one.relation}" (${why})`);
            }
          }
        },
        { ...DDL_TIMEOUTS, statementTimeout: VALIDATE_MS },
      );
      const done = `validated ${String(open.length - left.length)}`;
      return left.length === 0 ? done : `${done}; WARNING: these stay NOT VALID: ${left.join(', ')}`;
    },
  };
}

/** Runs statements that change tables of a side, each as a transaction of its own. */
export async function alterAll(pair: Pair, statements: readonly string[], side: 'src' | 'dst' = 'dst'): Promise<void> {
  if (statements.length === 0) return;
  // The source alone must do where the destination is gone.
  const schemas = await (side === 'dst' ? pair.schemas() : pair.schemasOn(side));
  await pair[side].withSessions(
    1,
    side === 'dst' ? await builder(pair.dst, schemas.names) : 'root',
    async ([session]) => {
      if (session === undefined) return;
      for (const statement of statements) {
        await runDdl(session, schemas.names[0] ?? 'public', async () => {
          await session.query(statement);
        });
      }
    },
    DDL_TIMEOUTS,
  );
}

const SHOWN = 10;

/** `"a", "b" and 3 more`. */
export function names(objects: readonly { readonly name: string }[]): string {
  const some = objects.slice(0, SHOWN).map(({ name }) => `"${name}"`);
  return `${some.join(', ')}${objects.length > SHOWN ? ` and ${String(objects.length - SHOWN)} more` : ''}`;
}
