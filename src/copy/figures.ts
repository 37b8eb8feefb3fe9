import type { CopyProgress, TableAtWork } from '../copy-progress.js';
import { streamRatio, tableLoads, type JournalProgress } from '../pglogical/own-progress.js';
import { secondsLeft } from '../pglogical/speed.js';
import type { Label } from '../postgres/schemas.js';

/** Milliseconds over which speeds are measured: shorter than that they jump about. */
const WINDOW_MS = 15_000;

interface Sample {
  readonly at: number;
  /** Bytes of COPY's stream in the pieces that are there for good. */
  readonly noted: number;
  /** Those and what has come of others: of all tables, and of those that were at work. */
  readonly all: number;
  readonly of: ReadonlyMap<Label, number>;
}

/** What tables and pieces tell; the rest of CopyProgress is about servers. */
export type CopyFigures = Pick<
  CopyProgress,
  | 'tables_done'
  | 'tables_total'
  | 'bytes_done'
  | 'bytes_total'
  | 'bytes_per_second'
  | 'seconds_left'
  | 'wire_bytes_per_second'
  | 'at_work'
>;

/** Turns what is known of each table into figures, look after look, since speeds need several. No database in here. */
export class FiguresOf {
  #samples: Sample[] = [];

  /** @param at milliseconds on any clock that only goes forward */
  look(journal: readonly JournalProgress[], at: number): CopyFigures {
    const loads = tableLoads(journal);
    const bytes_done = loads.reduce((sum, load) => sum + load.bytes_done, 0);
    const bytes_total = loads.reduce((sum, load) => sum + load.bytes_total, 0);
    this.#keep(journal, at);
    const wire = this.#speed(at, ({ all }) => all);
    // By what passes, not by what is done: a piece of unknown size would make that jump when it ends.
    const overall = streamRatio(journal) ?? 1;
    const bytes_per_second = wire === null ? null : Math.round(wire / overall);
    const at_work = journal
      .flatMap((table, index): TableAtWork[] => {
        if (table.jobs === 0) return [];
        const speed = this.#speed(at, ({ of }) => of.get(table.label));
        const bytes_per_second = speed === null ? null : Math.round(speed / (streamRatio([table]) ?? overall));
        const bytes_done = loads[index]?.bytes_done ?? 0;
        return [{ name: table.label, bytes_done, bytes_total: table.bytes, bytes_per_second, jobs: table.jobs }];
      })
      .sort((a, b) => b.bytes_total - a.bytes_total);
    return {
      tables_done: journal.filter(({ whole }) => whole).length,
      tables_total: journal.length,
      bytes_done,
      bytes_total,
      bytes_per_second,
      seconds_left: secondsLeft(Math.max(0, bytes_total - bytes_done), bytes_per_second),
      wire_bytes_per_second: wire === null ? null : Math.round(wire),
      at_work,
    };
  }

  #keep(journal: readonly JournalProgress[], at: number): void {
    const come = journal.map(({ label, jobs, streamed, running }) => ({
      label,
      jobs,
      bytes: running.reduce((sum, bytes) => sum + bytes, streamed),
    }));
    const all = come.reduce((sum, { bytes }) => sum + bytes, 0);
    const noted = journal.reduce((sum, { streamed }) => sum + streamed, 0);
    // Begun anew: nothing can be compared.
    if ((this.#samples.at(-1)?.noted ?? 0) > noted) this.#samples = [];
    const of = new Map(come.filter(({ jobs }) => jobs > 0).map(({ label, bytes }) => [label, bytes]));
    this.#samples = [...this.#samples.filter((sample) => sample.at >= at - WINDOW_MS), { at, noted, all, of }];
  }

  /** Bytes per second since the first sample of the window that has them. */
  #speed(at: number, bytes: (sample: Sample) => number | undefined): number | null {
    const first = this.#samples.find((sample) => bytes(sample) !== undefined);
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || at <= first.at) return null;
    const [from, to] = [bytes(first), bytes(last)];
    return from === undefined || to === undefined ? null : (Math.max(0, to - from) / (at - first.at)) * 1000;
  }
}

/** How fast WAL that pglogical has yet to bring becomes less, look after look. */
export class WalLeft {
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** @param at milliseconds on any clock that only goes forward */
  look(bytes: number, at: number): Pick<CopyProgress, 'wal_left_bytes' | 'bytes_per_second' | 'seconds_left'> {
    this.#samples = [...this.#samples.filter((sample) => sample.at >= at - WINDOW_MS), { at, bytes }];
    const [first] = this.#samples;
    const falls = first === undefined || at <= first.at ? 0 : ((first.bytes - bytes) / (at - first.at)) * 1000;
    const bytes_per_second = falls > 0 ? Math.round(falls) : null;
    return { wal_left_bytes: bytes, bytes_per_second, seconds_left: secondsLeft(bytes, bytes_per_second) };
  }
}
