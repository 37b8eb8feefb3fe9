import { setTimeout as sleep } from 'node:timers/promises';
import * as errors from '../errors.js';
import type { Pair } from '../pair/pair.js';
import { changeControl, readControl, waitForControl, type CopyControl } from '../pglogical/copy-control.js';
import type { StepProgress } from '../pair/steps.js';
import { readRun } from '../pglogical/copy-journal.js';
import { setupAtWork } from './cancel.js';
import { CopyLook } from './look.js';
import { SourceLimits } from './source-limits.js';

export interface AttachOptions {
  readonly jobs: number | undefined;
  readonly maxRate: number | undefined;
}

const LOOK_MS = 1_000;
/** How long the other belt may take to come to where it takes orders. */
const TAKES_ORDERS_MS = 30_000;
/** A belt that has lost its connections is without its lock until it has made them anew. */
const GONE_MS = 30_000;
/** So long servers that do not answer are tried again. */
const SILENT_MS = 300_000;

export interface Attached {
  /** Whether the person has left before the run came to its end. */
  readonly left: boolean;
}

/**
 * Looks on while another belt copies, until it has ended; tells it first of other jobs or another rate, where wanted.
 * @throws the error that the other run ended with; RefusedError when none is at work
 */
export async function attach(pair: Pair, options: AttachOptions): Promise<Attached> {
  const { signal } = pair.options.environment;
  let left = false;
  await pair.run([
    {
      name: 'find-run',
      title: 'find the setup that is at work',
      readOnly: true,
      run: async () => {
        const session = await pair.dst.root();
        const holder = await setupAtWork(session);
        if (holder !== null) return `${holder.application_name} from ${holder.address}, since ${holder.since}`;
        if ((await readRun(session))?.phase === 'done') return 'none: the copy is over';
        throw new errors.RefusedError(`no setup is at work on the ${pair.dst.toString()}`, {
          hint: `Start it, or go on with it: belt setup ${pair.config.dc} ${pair.db}`,
          detail: { side: 'dst' },
        });
      },
    },
    {
      name: 'change-run',
      title: 'tell it of other jobs, or another rate',
      done: () =>
        Promise.resolve(options.jobs === undefined && options.maxRate === undefined ? 'nothing to tell' : null),
      run: async () => {
        const session = await pair.dst.root();
        if ((await waitForControl(session, TAKES_ORDERS_MS, signal)) === undefined) throw takesNoOrders(pair);
        await changeControl(session, options);
        return undefined;
      },
    },
    {
      name: 'follow-copy',
      title: 'follow the copy',
      readOnly: true,
      run: async (progress) => {
        try {
          await follow(pair, progress);
        } catch (error) {
          if (!signal.aborted) throw error;
          left = true;
          const command = `belt setup ${pair.config.dc} ${pair.db}`;
          return `left; the copy goes on: "${command} --attach" looks on again, "${command} --cancel" ends it`;
        }
        return 'it is over: pglogical has taken over';
      },
    },
  ]);
  return { left };
}

async function follow(pair: Pair, progress: (what: StepProgress) => void): Promise<void> {
  const { signal } = pair.environment;
  const copy = new CopyLook(pair);
  // The run itself ends at its limits; the one who looks on is warned of them as well.
  const limits = new SourceLimits(undefined);
  let answered = performance.now();
  let seen = performance.now();
  // What is noted of a run that was over before need not be so any more.
  let followed = false;
  for (;;) {
    try {
      const session = await pair.dst.root();
      const [run, control, holder] = [await readRun(session), await readControl(session), await setupAtWork(session)];
      answered = performance.now();
      if (holder !== null) {
        seen = answered;
        followed = true;
        const look = run === null ? null : await copy.look(run, control);
        progress(look?.progress ?? 'it has not begun to copy yet');
        const burden = look?.burden ?? null;
        for (const verdict of burden === null ? [] : limits.judge(burden))
          if (verdict.kind === 'warn') pair.warn(verdict.text);
      } else if (run?.phase === 'done' && !(followed && control !== null && control.error !== null)) return;
      else if (control !== null && control.ended_at !== null) throw endedWith(pair, control);
      else if (answered - seen > GONE_MS) throw gone(pair, control);
    } catch (error) {
      if (!(error instanceof errors.ConnectionError) || performance.now() - answered > SILENT_MS) throw error;
      progress(`${error.message}; tries again`);
      await pair.reopen();
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** The error that the run ended with, as it told it. */
function endedWith(pair: Pair, { error_type, error, hint }: CopyControl): Error {
  const hints = { hint: hint ?? `See its log, then run "belt setup ${pair.config.dc} ${pair.db}" again: it goes on.` };
  const Class = CLASSES.find(({ name }) => name === error_type) ?? errors.BeltError;
  return new Class(error ?? 'the run has ended without saying why', hints);
}

const CLASSES = [
  errors.ConnectionError,
  errors.QueryError,
  errors.ToolError,
  errors.RefusedError,
  errors.DeadlineError,
  errors.CheckFailedError,
  errors.InterruptedError,
];

function takesNoOrders(pair: Pair): errors.DeadlineError {
  return new errors.DeadlineError(`the setup at work on the ${pair.dst.toString()} has not begun to copy yet`, {
    hint: 'Run the same command again in a moment.',
    detail: { side: 'dst' },
  });
}

function gone(pair: Pair, control: CopyControl | null): errors.BeltError {
  const who = control === null ? '' : `: pid ${String(control.pid)} on ${control.host}, since ${control.started_at}`;
  return new errors.BeltError(`the setup that copied has gone without a word${who}`, {
    hint: `It was killed, or its machine is asleep. Run "belt setup ${pair.config.dc} ${pair.db}" again: it goes on.`,
    detail: { side: 'dst', host: control?.host ?? null, pid: control?.pid ?? null },
  });
}
