import type { CopyProgress, KeysAtWork } from '../copy-progress.js';
import type { StepProgress } from '../pair/steps.js';
import type { SourceBurden } from '../pglogical/copy-source.js';
import type { JournalProgress } from '../pglogical/own-progress.js';
import type { Label } from '../postgres/schemas.js';
import type { CopyTable } from './chunk.js';
import type { Controls } from './controls.js';
import { FiguresOf, WalLeft } from './figures.js';
import type { Chunk, Piece } from './plan.js';
import { holdsBackVacuum } from './source-limits.js';

const LOOK_MS = 500;
/** What the copy waits for is said again and again as long as it does. */
const LINGER_MS = 3_000;

/** Says what the work waits for. @param lastsMs how long that is so, when it is said but once */
export type Tell = (text: string, lastsMs?: number) => void;

type Counted = { -readonly [K in keyof JournalProgress]: JournalProgress[K] };

/** What a run that copies knows of itself, put together for those who look at it. */
export class CopyMeter {
  phase: CopyProgress['phase'] = 'preparing';
  /** Null until the source was looked at. */
  burden: SourceBurden | null = null;
  keys: KeysAtWork | null = null;
  #wal: ReturnType<WalLeft['look']> | null = null;
  readonly #walLeft = new WalLeft();
  #tables = new Map<Label, Counted>();
  /** Bytes of COPY's stream of the parts that are on their way, and whether they still pass. */
  readonly #running = new Map<Chunk<CopyTable>, { bytes: number; passing: boolean }>();
  readonly #waits = new Map<Tell, { text: string; until: number }>();
  #figures = new FiguresOf();

  constructor(private readonly controls: Controls) {}

  /** Begins to count. @param journal the tables of this wave, with what is there of them already */
  plan(journal: readonly JournalProgress[]): void {
    this.phase = 'copying';
    this.#running.clear();
    this.#tables = new Map(journal.map((table) => [table.label, { ...table, running: [] }]));
    this.#figures = new FiguresOf();
  }

  /** Bytes of COPY's stream of a part have passed; 0 when it begins. */
  passed(chunk: Chunk<CopyTable>, bytes: number): void {
    const part = this.#running.get(chunk) ?? { bytes: 0, passing: true };
    this.#running.set(chunk, part);
    part.bytes += bytes;
  }

  /** All of a part has passed; it is there when its transaction has ended. */
  through(chunk: Chunk<CopyTable>): void {
    const part = this.#running.get(chunk);
    if (part !== undefined) part.passing = false;
  }

  /** A piece is on the destination. */
  there(piece: Piece<CopyTable>): void {
    for (const chunk of piece) {
      const table = this.#of(chunk.table);
      if (table === undefined) continue;
      table.chunks_done += 1;
      table.streamed += this.#running.get(chunk)?.bytes ?? 0;
    }
    this.leave(piece);
  }

  /** A piece was given up: it begins anew, or not at all. */
  leave(piece: Piece<CopyTable>): void {
    for (const chunk of piece) this.#running.delete(chunk);
  }

  /** Pieces that were there are gone: their server has crashed. */
  gone(pieces: readonly Piece<CopyTable>[]): void {
    for (const { table: of } of pieces.flat()) {
      const table = this.#of(of);
      if (table === undefined || table.chunks_done === 0) continue;
      table.streamed -= table.streamed / table.chunks_done;
      table.chunks_done -= 1;
    }
  }

  /** All of a table is there, and was counted. */
  whole(tables: readonly { readonly label: Label }[]): void {
    for (const { label } of tables) {
      const table = this.#tables.get(label);
      if (table !== undefined) table.whole = true;
    }
  }

  /** pglogical has yet to bring so many bytes of WAL. */
  walLeft(bytes: number): void {
    this.#wal = this.#walLeft.look(bytes, performance.now());
  }

  /** A voice for one who may have to wait: what it says last is shown, until that is old. */
  voice(): Tell {
    const tell: Tell = (text, lastsMs = 0) => {
      this.#waits.set(tell, { text, until: performance.now() + lastsMs + LINGER_MS });
    };
    return tell;
  }

  look(now = performance.now()): CopyProgress {
    for (const [tell, { until }] of this.#waits) if (until < now) this.#waits.delete(tell);
    const running = new Map<Label, { bytes: number; passing: boolean }[]>();
    for (const [{ table }, part] of this.#running) {
      const { label } = table.table;
      running.set(label, [...(running.get(label) ?? []), part]);
    }
    const journal = [...this.#tables.values()].map((table) => {
      const parts = running.get(table.label) ?? [];
      return {
        ...table,
        running: parts.map(({ bytes }) => bytes),
        jobs: parts.filter(({ passing }) => passing).length,
      };
    });
    const { jobs, rate } = this.controls;
    return {
      phase: this.phase,
      ...this.#figures.look(journal, now),
      jobs,
      max_rate: rate.bytesPerSecond === Infinity ? null : rate.bytesPerSecond,
      ...burdenFigures(this.burden),
      keys: this.keys,
      wal_left_bytes: null,
      ...(this.phase === 'catch-up' ? this.#wal : null),
      waits: [...new Set([...this.#waits.values()].map(({ text }) => text))],
    };
  }

  /**
   * Shows how it is as long as `work` is at it.
   * @param work is given a voice
   * @param look refreshes what is not known without asking a server; what it throws is not told
   */
  async show<T>(
    progress: (what: StepProgress) => void,
    work: (tell: Tell) => Promise<T>,
    look?: () => Promise<void>,
  ): Promise<T> {
    let looking: Promise<void> | undefined;
    const timer = setInterval(() => {
      progress(this.look());
      looking ??= look?.()
        .catch(() => undefined)
        .finally(() => (looking = undefined));
    }, LOOK_MS);
    try {
      return await work(this.voice());
    } finally {
      clearInterval(timer);
      // It uses connections, which whoever comes next may close.
      await looking;
      this.#waits.clear();
    }
  }

  #of({ table }: CopyTable): Counted | undefined {
    return this.#tables.get(table.label);
  }
}

/** What is shown of the burden on the source. */
export function burdenFigures(
  burden: SourceBurden | null,
): Pick<CopyProgress, 'wal_retained_bytes' | 'snapshot_seconds' | 'holds_back_vacuum'> {
  return {
    wal_retained_bytes: burden?.wal_retained_bytes ?? null,
    snapshot_seconds: burden?.snapshot_seconds ?? null,
    holds_back_vacuum: burden !== null && holdsBackVacuum(burden),
  };
}
