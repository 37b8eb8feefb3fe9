import type { CopyProgress } from '../copy-progress.js';
import type { Pair } from '../pair/pair.js';
import type { CopyControl } from '../pglogical/copy-control.js';
import type { CopyRun } from '../pglogical/copy-journal.js';
import { readBurden, type SourceBurden } from '../pglogical/copy-source.js';
import { COPY_SESSIONS } from '../pglogical/copy-state.js';
import { KeysProgress } from '../pglogical/keys-progress.js';
import { readCopyBlockers, readJournalProgress } from '../pglogical/own-progress.js';
import { readSlot } from '../pglogical/state.js';
import { FiguresOf, WalLeft } from './figures.js';
import { burdenFigures } from './meter.js';
import { slotBlockers, waitsForOpen } from './slot-wait.js';
import { lockWaits } from './waits.js';

export interface CopySeen {
  readonly progress: CopyProgress;
  /** Null once the copy is handed over. */
  readonly burden: SourceBurden | null;
}

/** Looks again and again at the copy of another run, by its journal and by what the servers tell of its sessions. */
export class CopyLook {
  readonly #figures = new FiguresOf();
  readonly #wal = new WalLeft();
  #keys: KeysProgress | undefined;

  constructor(private readonly pair: Pair) {}

  /** @param control what that run was told last; null when it has not begun to listen */
  async look(run: CopyRun, control: CopyControl | null): Promise<CopySeen> {
    const { src, dst } = await this.pair.roots();
    const journal = await readJournalProgress(dst, await this.pair.schemas(), null);
    const figures = this.#figures.look(journal, performance.now());
    const common = {
      ...figures,
      jobs: control?.ended_at === null ? control.jobs : run.jobs,
      max_rate: control?.ended_at === null ? control.max_rate : null,
      keys: null,
      wal_left_bytes: null,
      ...burdenFigures(null),
      waits: [],
    };
    if (run.phase === 'joining' || run.phase === 'done') {
      const left = (await readSlot(src, run.slot))?.confirmed_lag_bytes ?? 0;
      return {
        progress: { ...common, phase: 'catch-up', ...this.#wal.look(left, performance.now()) },
        burden: null,
      };
    }
    const burden = await readBurden(src, run.slot, COPY_SESSIONS);
    const lock = lockWaits(await readCopyBlockers(this.pair));
    const copied = journal.length > 0 && journal.every(({ whole }) => whole);
    const keys = copied ? await (this.#keys ??= new KeysProgress(this.pair, journal)).look() : null;
    const phase =
      journal.length === 0
        ? 'preparing'
        : keys === null
          ? 'copying'
          : keys.done < keys.total
            ? 'keys'
            : ('hand-over' as const);
    const open = phase === 'preparing' ? await slotBlockers(src, 0) : [];
    const waits = [...(open.length === 0 ? [] : [waitsForOpen(open)]), ...(lock === null ? [] : [lock])];
    return { progress: { ...common, ...burdenFigures(burden), phase, keys, waits }, burden };
  }
}
