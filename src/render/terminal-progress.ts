import type { StepProgress, StepResult } from '../pair/steps.js';
import { printable } from '../printable.js';
import { copyLine, copyView } from './copy.js';
import { liveArea, type LiveArea, type Size } from './live-area.js';
import { stepLine, wholeSeconds, type Progress } from './progress.js';
import type { Style } from './style.js';
import { padTo, widthOf } from './width.js';

/** What a database is doing. */
interface AtWork {
  readonly since: number;
  /** The steps that run, by their titles, with what they say of themselves; several run side by side. */
  readonly steps: Map<string, AtStep>;
  /** Steps that have ended. */
  ended: number;
}

/** Columns that are too few to tell of each database how long it has been at work. */
const NARROW = 60;

interface AtStep {
  readonly since: number;
  readonly says: StepProgress | null;
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
  const stepText = ([title, { says }]: readonly [string, AtStep], columns: number): string => {
    if (says !== null && typeof says !== 'string') return copyLine(says, columns, style);
    return printable(says === null ? title : `${title}: ${says}`);
  };
  const since = (moment: number): string => {
    const seconds = (performance.now() - moment) / 1000;
    return seconds < 1 ? '' : chalk.dim(wholeSeconds(seconds));
  };

  const single = (spinner: string, { columns, rows }: Size): string[] =>
    [...atWork.values()].flatMap(({ steps }) =>
      [...steps].flatMap(([title, { says, since: begun }]) => {
        const line = `${chalk.cyan(spinner)} ${printable(title)}`;
        if (says === null || typeof says === 'string') return says === null ? [line] : [`${line}: ${printable(says)}`];
        // Other steps may run beside it.
        const room = { columns, rows: rows - steps.size };
        return [`${line}  ${since(begun)}`.trimEnd(), ...copyView(says, room, style)];
      }),
    );
  const several = (spinner: string, size: Size): string[] => {
    const width = Math.max(0, ...[...atWork.keys()].map((db) => widthOf(printable(db))));
    // A second line each for what is waited for, where there is room for them.
    const twice = atWork.size * 2 < size.rows;
    const lines = [...atWork].flatMap(([db, { since: begun, steps }]) => {
      const name = padTo(printable(db), Math.min(width, Math.floor(size.columns / 2)));
      const step = [...steps].at(-1);
      const end = size.columns < NARROW ? '' : since(begun);
      const room = size.columns - widthOf(name) - widthOf(end) - '* '.length - '  '.length * 2;
      const text = step === undefined ? '' : `${stepText(step, room)}  `;
      const says = step?.[1].says ?? null;
      const [wait] = says === null || typeof says === 'string' ? [] : says.waits;
      return [
        `${chalk.cyan(spinner)} ${name}  ${text}${end}`.trimEnd(),
        ...(twice && wait !== undefined ? [`    ${chalk.yellow(printable(wait))}`] : []),
      ];
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
      atWork.get(db)?.steps.set(title, { since: performance.now(), says: null });
    },
    stepProgress: (db, title, says) => {
      const steps = atWork.get(db)?.steps;
      steps?.set(title, { since: steps.get(title)?.since ?? performance.now(), says });
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
    interrupted: (text) => {
      // The area goes over the ^C that a terminal shows; without it a line ends there.
      if (area === undefined) stream.write(text);
      else if (text.trim() !== '') area.keep(text.trim());
    },
    end: () => {
      area?.end();
      return Promise.resolve();
    },
  };
}
