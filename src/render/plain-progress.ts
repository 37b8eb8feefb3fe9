import { printable } from '../printable.js';
import { formatDuration, stepLine, type Progress } from './progress.js';

/** Milliseconds between two lines about one step's progress, so that a log does not drown: of one database, of several. */
const INTERVAL_MS = { one: 5_000, several: 60_000 };

/**
 * Progress as plain lines, each with the database's name before it: for logs, pipes and CI. A single database has a line
 * for each step; of several each has one when it ends, since its steps stand in its log file.
 */
export function plainProgress(out: (line: string) => void): Progress {
  const write = (line: string): void => {
    out(printable(line));
  };
  const last = new Map<string, number>();
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
    stepProgress: (db, title, text) => {
      const key = `${db}\0${title}`;
      const now = performance.now();
      const [since, interval] =
        count.all > 1 ? [begun.get(db) ?? now, INTERVAL_MS.several] : [-Infinity, INTERVAL_MS.one];
      if (now - (last.get(key) ?? since) < interval) return;
      last.set(key, now);
      write(`${db}: ...      ${title}: ${text}`);
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
    end: () => Promise.resolve(),
  };
}
