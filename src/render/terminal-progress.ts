import {
  DefaultRenderer,
  Listr,
  ListrLogger,
  ProcessOutput,
  type ListrDefaultRendererLogLevels,
  type ListrTaskWrapper,
  type SimpleRenderer,
} from 'listr2';
import type { StepResult } from '../pair/steps.js';
import { printable } from '../printable.js';
import { stepLine, type Progress } from './progress.js';
import type { Style } from './style.js';

/** listr2 looks at stdout only, and gives up when that is piped; belt's progress is for stderr. */
class StreamRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

type Task = ListrTaskWrapper<unknown, typeof StreamRenderer, typeof SimpleRenderer>;

interface DbTask {
  /** listr2's own; undefined until it has started, which may be after belt is done with the database. */
  task: Task | undefined;
  /** Lines that came before. */
  early: string[];
  /** Settles when belt is done with the database. */
  ended: Promise<void>;
  finish: () => void;
  fail: (error: Error) => void;
}

function waitingTask(): DbTask {
  const made: DbTask = {
    task: undefined,
    early: [],
    ended: Promise.resolve(),
    finish: () => undefined,
    fail: () => undefined,
  };
  made.ended = new Promise<void>((resolve, reject) => {
    made.finish = resolve;
    made.fail = reject;
  });
  // A failure before listr2 looks is no unhandled one.
  made.ended.catch(() => undefined);
  return made;
}

/**
 * Progress as a list that is redrawn in place: a line for each database, and below it what it does; for a single
 * database every step stays visible.
 * @param stream the terminal; nothing is written anywhere else
 */
export function terminalProgress(style: Style, stream: NodeJS.WriteStream): Progress {
  const { chalk } = style;
  const tasks = new Map<string, DbTask>();
  let single = false;
  let running: Promise<unknown> = Promise.resolve();

  const show = (db: string, line: string): void => {
    const entry = tasks.get(db);
    if (entry?.task === undefined) entry?.early.push(line);
    else entry.task.output = line;
  };
  /** What is being done now: it gives way to what comes next, while steps that have ended stay. */
  const atWork = (db: string, text: string): void => {
    const entry = tasks.get(db);
    if (!single) show(db, printable(text));
    else if (entry?.task !== undefined) entry.task.title = `${printable(db)}  ${chalk.dim(printable(text))}`;
  };
  const marks: Record<StepResult['status'], string> = {
    ok: chalk.green('✔'),
    skipped: chalk.yellow('↓'),
    failed: chalk.red('✖'),
    planned: chalk.cyan('○'),
  };

  return {
    begin: (databases) => {
      single = databases.length === 1;
      for (const db of databases) tasks.set(db, waitingTask());
      const list = new Listr(
        databases.map((db) => ({
          title: printable(db),
          task: async (_: unknown, task: Task) => {
            const entry = tasks.get(db);
            if (entry === undefined) return;
            entry.task = task;
            for (const line of entry.early) task.output = line;
            await entry.ended;
          },
          rendererOptions: { outputBar: single ? Infinity : 1, persistentOutput: single },
        })),
        {
          renderer: StreamRenderer,
          concurrent: true,
          exitOnError: false,
          registerSignalListeners: false,
          rendererOptions: {
            logger: new ListrLogger<ListrDefaultRendererLogLevels>({
              processOutput: new ProcessOutput(stream, stream),
            }),
            collapseErrors: false,
            showErrorMessage: false,
            formatOutput: 'truncate',
          },
        },
      );
      running = list.run().catch(() => undefined);
    },
    dbStarted: () => undefined,
    warn: (db, text) => {
      show(db, chalk.yellow(`warning: ${printable(text)}`));
    },
    stepStarted: (db, title) => {
      atWork(db, title);
    },
    stepProgress: (db, title, text) => {
      atWork(db, `${title}: ${text}`);
    },
    stepEnded: (db, title, result) => {
      show(db, `${marks[result.status]} ${printable(stepLine(title, result)).slice(9)}`);
    },
    dbEnded: (db, failure) => {
      const entry = tasks.get(db);
      if (entry?.task !== undefined) entry.task.title = printable(db);
      if (failure === null) entry?.finish();
      else entry?.fail(new Error(printable(failure)));
    },
    end: async () => {
      await running;
    },
  };
}
