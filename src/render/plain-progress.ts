import { printable } from '../printable.js';
import { stepLine, type Progress } from './progress.js';

/** Milliseconds between two lines about one step's progress, so that a log does not drown. */
const PROGRESS_INTERVAL_MS = 5_000;

/** Progress as plain lines, each with the database's name before it: for logs, pipes and CI. */
export function plainProgress(out: (line: string) => void): Progress {
  const write = (line: string): void => {
    out(printable(line));
  };
  const last = new Map<string, number>();
  return {
    begin: () => undefined,
    dbStarted: () => undefined,
    warn: (db, text) => {
      write(`${db}: warning: ${text}`);
    },
    stepStarted: () => undefined,
    stepProgress: (db, title, text) => {
      const key = `${db}\0${title}`;
      const now = performance.now();
      if (now - (last.get(key) ?? -Infinity) < PROGRESS_INTERVAL_MS) return;
      last.set(key, now);
      write(`${db}: ...      ${title}: ${text}`);
    },
    stepEnded: (db, title, result) => {
      write(`${db}: ${stepLine(title, result)}`);
    },
    dbEnded: () => undefined,
    end: () => Promise.resolve(),
  };
}
