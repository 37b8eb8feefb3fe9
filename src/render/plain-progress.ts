import type { StepProgress } from '../pair/steps.js';
import { printable } from '../printable.js';
import { copyWords } from './copy.js';
import { formatDuration, stepLine, type Progress } from './progress.js';

/**
 * Milliseconds between two lines about one step's progress, so that a log does not drown: of one database, of its copy, which
 * has much to tell, of several databases.
 */
const INTERVAL_MS = { one: 5_000, copy: 10_000, several: 60_000 };

/** What was told last of a step. */
interface Told {
  readonly at: number;
  readonly what: StepProgress | null;
}

/**
 * Progress as plain lines, each with the database's name before it: for logs, pipes and CI. A single database has a line
 * for each step; of several each has one when it ends, since its steps stand in its log file.
 */
export function plainProgress(out: (line: string) => void): Progress {
  const write = (line: string): void => {
    out(printable(line));
  };
  const last = new Map<string, Told>();
  const begun = new Map<string, number>();
  const count = { all: 0, ended: 0 };
  const duration = (db: string): string => formatDuration(performance.now() - (begun.get(db) ?? 0));
  return {
    begin: (databases) => {
      count.all = databases.length;
    },
    dbStarted: (db) => {
      begun.set(db, performance.now());
    },
    warn: (db, text) => {
      write(`${db}: warning: ${text}`);
    },
    note: (db, text) => {
      if (count.all === 1) write(`${db}: ${text}`);
    },
    begun: () => undefined,
    stepStarted: () => undefined,
    stepProgress: (db, title, what) => {
      const key = `${db}\0${title}`;
      const at = performance.now();
      const isCopy = typeof what !== 'string';
      const [since, interval] =
        count.all > 1
          ? [begun.get(db) ?? at, INTERVAL_MS.several]
          : [-Infinity, isCopy ? INTERVAL_MS.copy : INTERVAL_MS.one];
      const told = last.get(key) ?? { at: since, what: null };
      if (at - told.at < interval && (count.all > 1 || !isTurn(told.what, what))) return;
      last.set(key, { at, what });
      write(`${db}: ...      ${title}: ${isCopy ? copyWords(what) : what}`);
    },
    stepEnded: (db, title, result) => {
      if (count.all === 1) write(`${db}: ${stepLine(title, result)}`);
    },
    dbEnded: (db, failure) => {
      count.ended += 1;
      if (count.all === 1) return;
      const place = `(${String(count.ended)} of ${String(count.all)}, ${duration(db)})`;
      write(failure === null ? `${db}: ok ${place}` : `${db}: FAILED ${place}: ${failure}`);
    },
    interrupted: (text) => {
      if (text !== '') out(text.replace(/\n$/, ''));
    },
    end: () => Promise.resolve(),
  };
}

/** Whether a copy has come to its next phase, or has begun to wait. */
function isTurn(before: StepProgress | null, now: StepProgress): boolean {
  if (before === null || typeof before === 'string' || typeof now === 'string') return false;
  return before.phase !== now.phase || (before.waits.length === 0 && now.waits.length > 0);
}
