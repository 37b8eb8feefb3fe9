import { checkCopyTarget } from '../data/copy-target.js';
import type { Pair } from '../pair/pair.js';
import type { Plan, Step } from '../pair/steps.js';
import { EMPTY_SET, forward } from '../pglogical/direction.js';
import { restartWorker, waitForDirection } from '../pglogical/subscriptions.js';
import { noBackReplicationStep } from '../pglogical/no-back-replication.js';
import { readSubscription } from '../pglogical/state.js';
import type { Table } from '../postgres/catalog/tables.js';
import { LateKeys } from '../schema/late-keys.js';
import { copyTables, hasSnapshot, missingTables, type CopyOptions } from './copy.js';
import { handOver, prepareSubscription } from './hand-over.js';
import { abandon } from './join.js';
import { catchUpStep } from './ready.js';
import { readJournal, readRun, type JournalTable } from '../pglogical/copy-journal.js';
import { KeysProgress } from '../pglogical/keys-progress.js';
import { readCopyBlockers } from '../pglogical/own-progress.js';
import type { CopyMeter, Tell } from './meter.js';
import { persistentStep } from './persistently.js';
import { lockWaits } from './waits.js';

/** The copy that was begun; one whose subscription is gone counts for nothing. */
async function begun(pair: Pair) {
  const dst = await pair.dst.root();
  const subscription = await readSubscription(dst, forward(pair).subscription);
  return { subscription, run: subscription === null ? null : await readRun(dst) };
}

async function isJoining(pair: Pair): Promise<boolean> {
  return (await begun(pair)).run?.phase === 'joining';
}

/** @returns why there is nothing to copy any more, or null */
export async function handedOver(pair: Pair): Promise<string | null> {
  const { subscription, run } = await begun(pair);
  if (run?.phase === 'done') return 'the copy was handed over';
  return subscription?.enabled === true && run === null && !subscription.sets.includes(EMPTY_SET)
    ? 'the subscription is at work'
    : null;
}

/** The steps by which belt copies the rows itself and hands over to pglogical. */
export function copySteps(
  pair: Pair,
  tables: readonly Table[],
  options: Omit<CopyOptions, 'progress' | 'whole'>,
): Plan {
  const direction = forward(pair);
  const { signal } = pair.environment;
  const { meter } = options;
  const lateKeys = new LateKeys(pair, tables, options.controls);
  const keys = lateKeys.step();
  const copyRows = async (tell: Tell): Promise<JournalTable[]> => {
    await lateKeys.expect();
    const whole = (some: readonly Table[]): void => {
      lateKeys.whole(some);
    };
    return copyTables(pair, tables, { ...options, progress: tell, whole });
  };
  let handed = false;
  const walLeft = (bytes: number): void => {
    meter.phase = 'catch-up';
    meter.walLeft(bytes);
  };
  const copyAnew = async (reason: string, tell: Tell): Promise<void> => {
    pair.warn(
      `replication ended before tables of several snapshots were at one point (${reason}): all are copied anew`,
    );
    await abandon(direction, signal);
    await copyRows(tell);
    meter.phase = 'keys';
    if ((await keys.done?.()) === null) await keys.run(() => undefined);
    meter.phase = 'hand-over';
  };
  const steps: Step[] = [
    noBackReplicationStep(pair, () => handedOver(pair)),
    {
      name: 'check-destination',
      title: 'check that the destination can take the rows',
      done: async () => {
        const reason = await handedOver(pair);
        if (reason !== null) return reason;
        return hasSnapshot((await begun(pair)).run) ? 'a copy has begun' : null;
      },
      run: async () => checkCopyTarget(pair.dst, await pair.schemas(), tables, { byBelt: true }),
    },
    {
      name: 'prepare-subscription',
      title: `make subscription ${direction.subscription}, asleep until the rows are there`,
      done: async () => (await handedOver(pair)) ?? ((await isJoining(pair)) ? 'it is awake' : null),
      run: async (progress) => {
        pair.begin();
        const wait = { lockWait: options.lockWait, progress };
        await prepareSubscription(direction, options.controls.jobs, { signal, wait });
        return undefined;
      },
    },
  ];
  const copying: Step = {
    name: 'copy-tables',
    title: 'copy the rows',
    done: async () => {
      const reason = await handedOver(pair);
      if (reason !== null) return reason;
      if (!hasSnapshot((await begun(pair)).run)) return null;
      return (await missingTables(pair, tables)).length === 0 ? 'they are there' : null;
    },
    run: async (progress) => {
      const copied = await copyRows(progress);
      const rows = copied.reduce((sum, { rows_done }) => sum + rows_done, 0);
      return `${String(rows)} rows of ${String(copied.length)} tables`;
    },
  };
  const building: Step = {
    ...keys,
    done: async () => (await handedOver(pair)) ?? (await keys.done?.()) ?? null,
    // Which ones are built is looked up, as whoever looks on does it.
    run: () => keys.run(() => undefined),
  };
  const handing: Step = {
    name: 'hand-over',
    title: 'let pglogical go on from where the copy ends',
    done: async () => {
      return (await begun(pair)).subscription?.enabled === true ? handedOver(pair) : null;
    },
    run: async (progress) => {
      for (;;) {
        const dst = await pair.dst.root();
        const run = await readRun(dst);
        if (run === null) throw new Error('there is no journal of the copy');
        handed = true;
        if (run.phase === 'done') await restartWorker(direction);
        else {
          const journal = await readJournal(dst, await pair.schemas());
          const reason = await handOver(direction, run, journal, tables, { signal, left: walLeft });
          if (reason !== null) {
            await copyAnew(reason, progress);
            continue;
          }
        }
        await waitForDirection(direction, ['replicating'], { signal });
        return undefined;
      }
    },
  };
  const lookAtKeys = keysLook(pair, tables, meter);
  /** A step whose figures are shown. */
  const shown = (phase: CopyMeter['phase'], step: Step, look?: () => Promise<void>): Step =>
    persistentStep(pair, step, (progress, work) => {
      meter.phase = phase;
      return meter.show(progress, work, look);
    });
  return [
    ...steps.map((step) => persistentStep(pair, step)),
    shown('preparing', copying),
    shown('keys', building, lookAtKeys),
    shown('hand-over', handing),
    shown(
      'catch-up',
      catchUpStep(direction, signal, () => handed, walLeft),
    ),
  ];
}

/** Looks at the keys that are built, and at what is in their way. */
function keysLook(pair: Pair, tables: readonly Table[], meter: CopyMeter): () => Promise<void> {
  const keys = new KeysProgress(pair, tables);
  const tell = meter.voice();
  return async () => {
    meter.keys = await keys.look();
    const waits = lockWaits(await readCopyBlockers(pair));
    if (waits !== null) tell(waits);
  };
}
