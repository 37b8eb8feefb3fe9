import { formatSeconds } from '../duration.js';
import type { StepResult } from '../pair/steps.js';
import { printable } from '../printable.js';
import { liveArea, type LiveArea } from './live-area.js';
import { stepLine, type Progress } from './progress.js';
import type { Style } from './style.js';

/** What a database is doing. */
interface AtWork {
  readonly since: number;
  /** The steps that run, by their titles, with what they say of themselves; several run side by side. */
  readonly steps: Map<string, string | null>;
  /** Steps that have ended. */
  ended: number;
}

/**
 * Progress on a terminal. Of a single database every step that ends stays visible, and those that run are shown below.
 * Of several, each has one line while it is at work, with the count of all below; one that did something, or failed,
 * leaves a line.
 * @param stream the terminal; nothing is written anywhere else
 */
export function terminalProgress(style: Style, stream: NodeJS.WriteStream): Progress {
  const { chalk } = style;
  const started = performance.now();
  const atWork = new Map<string, AtWork>();
  const count = { all: 0, done: 0, failed: 0 };
  let area: LiveArea | undefined;

  const marks: Record<StepResult['status'], string> = {
    ok: chalk.green('✔'),
    skipped: chalk.yellow('↓'),
    failed: chalk.red('✖'),
    planned: chalk.cyan('○'),
  };
  const stepText = ([title, text]: readonly [string, string | null]): string =>
    printable(text === null ? title : `${title}: ${text}`);
  const since = (moment: number): string => {
    const seconds = Math.floor((performance.now() - moment) / 1000);
    // Tenths would only flicker.
    if (seconds < 60) return seconds === 0 ? '' : chalk.dim(`${String(seconds)} s`);
    return chalk.dim(formatSeconds(seconds));
  };

  const single = (spinner: string): string[] =>
    [...atWork.values()].flatMap(({ steps }) => [...steps].map((step) => `${chalk.cyan(spinner)} ${stepText(step)}`));
  const several = (spinner: string): string[] => {
    const width = Math.max(0, ...[...atWork.keys()].map((db) => printable(db).length));
    const lines = [...atWork].map(([db, { since: begun, steps }]) => {
      const step = [...steps].at(-1);
      return `${chalk.cyan(spinner)} ${printable(db).padEnd(width)}  ${step === undefined ? '' : `${stepText(step)}  `}${since(begun)}`;
    });
    const waiting = count.all - count.done - atWork.size;
    const parts = [
      `${String(count.done)} of ${String(count.all)} databases done`,
      ...(count.failed === 0 ? [] : [chalk.red(`${String(count.failed)} failed`)]),
      ...(waiting === 0 ? [] : [`${String(waiting)} waiting`]),
    ];
    return [...lines, `  ${parts.join(', ')}  ${since(started)}`];
  };

  return {
    begin: (databases) => {
      count.all = databases.length;
      area = liveArea(stream, databases.length === 1 ? single : several);
    },
    dbStarted: (db) => {
      atWork.set(db, { since: performance.now(), steps: new Map(), ended: 0 });
    },
    warn: (db, text) => {
      area?.keep(chalk.yellow(`warning: ${count.all > 1 ? `${printable(db)}: ` : ''}${printable(text)}`));
    },
    note: (_db, text) => {
      if (count.all === 1) area?.keep(`  ${printable(text)}`);
    },
    begun: () => undefined,
    stepStarted: (db, title) => {
      atWork.get(db)?.steps.set(title, null);
    },
    stepProgress: (db, title, text) => {
      atWork.get(db)?.steps.set(title, text);
    },
    stepEnded: (db, title, result) => {
      const work = atWork.get(db);
      if (work === undefined) return;
      work.steps.delete(title);
      work.ended += 1;
      if (count.all === 1) area?.keep(`${marks[result.status]} ${printable(stepLine(title, result)).slice(9)}`);
    },
    dbEnded: (db, failure) => {
      const work = atWork.get(db);
      atWork.delete(db);
      count.done += 1;
      if (failure !== null) count.failed += 1;
      if (count.all === 1 || work === undefined) return;
      if (failure !== null) area?.keep(`${marks.failed} ${printable(db)}: ${printable(failure)}`);
      else if (work.ended > 0) area?.keep(`${marks.ok} ${printable(db)}  ${since(work.since)}`);
    },
    end: () => {
      area?.end();
      return Promise.resolve();
    },
  };
}
