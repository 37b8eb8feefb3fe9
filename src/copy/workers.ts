import { CheckFailedError, InterruptedError, RefusedError } from '../errors.js';
import { countRows } from '../data/row-counts.js';
import { beginPatiently } from '../pair/patiently.js';
import type { Pair } from '../pair/pair.js';
import { isWaveOver, noteSourceRows, notedChunks } from '../pglogical/copy-journal.js';
import type { Table } from '../postgres/catalog/tables.js';
import { copyPiece, type CopyTable } from './chunk.js';
import { workTogether, type Controls } from './controls.js';
import type { CopyMeter, Tell } from './meter.js';
import { mayPass, Patience } from './patience.js';
import type { Piece } from './plan.js';
import { SnapshotLostError, type Wave } from './wave.js';
import { Work } from './work.js';
import { openWorker, type Worker } from './worker.js';

export interface WorkersOptions {
  readonly controls: Controls;
  /** Is told how far it is, and what is in the way. */
  readonly meter: CopyMeter;
  /** Is told of tables that are whole. */
  readonly whole: (tables: readonly Table[]) => void;
}

/**
 * Copies the pieces with some workers, each with a session a side. A piece whose connection is lost is tried again, with
 * growing pauses, as long as the snapshot lives. Tables whose pieces are all in the journal are counted on the source, and
 * noted to be whole.
 * @throws SnapshotLostError when the snapshot is gone; QueryError when a server refuses rows
 */
export async function copyPieces(
  pair: Pair,
  wave: Wave,
  pieces: readonly Piece<CopyTable>[],
  options: WorkersOptions,
): Promise<void> {
  const work = new Work(pieces);
  const stop = new AbortController();
  const run = async (mayGoOn: () => boolean): Promise<void> => {
    const tell = options.meter.voice();
    const hands = new Hands(pair, wave, stop.signal, tell);
    try {
      while (mayGoOn()) {
        const taken = work.next();
        if (taken === undefined) return;
        await hands.tryTo(async (worker, again) => {
          // The connection may have been lost only after the server had its COMMIT.
          if (again && (await isNoted(worker, wave, taken))) return;
          await copyOnce(pair, wave, worker, taken, { ...options, tell });
        });
        if (stop.signal.aborted) return;
        options.meter.there(taken);
        const tables = work.completedBy(taken);
        if (tables.length === 0) continue;
        await hands.tryTo((worker) => checkTables(worker, wave, tables, work, options));
      }
    } catch (error) {
      stop.abort();
      throw error;
    } finally {
      await hands.close();
    }
  };
  const errors = await workTogether(options.controls, () => work.some && !stop.signal.aborted, run);
  if (pair.environment.signal.aborted) throw new InterruptedError('interrupted while tables were copied');
  // What a server refuses says more than the connections that went with it.
  const [error] = [...errors.filter((one) => !mayPass(one)), ...errors];
  if (error instanceof Error) throw error;
}

/** A worker that opens its sessions anew when they are lost. */
class Hands {
  #worker: Worker | undefined;
  /** The process on the destination that served a worker which was lost. */
  #lost: number | undefined;
  readonly #patience = new Patience();

  constructor(
    private readonly pair: Pair,
    private readonly wave: Wave,
    private readonly stop: AbortSignal,
    private readonly tell: Tell,
  ) {}

  /**
   * @param work is told whether it was tried before; nothing of that goes on
   * @returns undefined when another worker has failed meanwhile
   */
  async tryTo<T>(work: (worker: Worker, again: boolean) => Promise<T>): Promise<T | undefined> {
    for (let again = false; !this.stop.aborted; again = true) {
      try {
        this.#worker ??= await openWorker(this.pair, this.wave, this.#lost);
        const result = await work(this.#worker, again);
        this.#patience.renew();
        return result;
      } catch (error) {
        this.#lost = this.#worker?.dst.pid ?? this.#lost;
        await this.close();
        if (error instanceof SnapshotLostError) throw error;
        await this.#patience.pause(error, this.pair.environment.signal, this.tell);
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.#worker?.close();
    this.#worker = undefined;
  }
}

/** Whether the journal has a piece: all its parts were noted in one transaction. */
async function isNoted({ dst }: Worker, wave: Wave, piece: Piece<CopyTable>): Promise<boolean> {
  const noted = await notedChunks(
    dst,
    wave.lsn,
    piece.map(({ table: { table } }) => table),
  );
  return piece.every(({ table: { table }, number }) => noted.get(table.label)?.chunks.has(number) === true);
}

async function copyOnce(
  pair: Pair,
  wave: Wave,
  worker: Worker,
  piece: Piece<CopyTable>,
  { controls: { rate }, meter, tell }: WorkersOptions & { readonly tell: Tell },
): Promise<void> {
  const { signal } = pair.environment;
  const [first] = piece;
  const what = `copying "${first?.table.table.schema ?? ''}"."${first?.table.table.name ?? ''}"`;
  try {
    await copyPiece(worker.src, worker.dst, piece, {
      lsn: wave.lsn,
      rate,
      passed: (chunk, bytes) => {
        meter.passed(chunk, bytes);
      },
      through: (chunk) => {
        meter.through(chunk);
      },
      begin: (statements) => beginPatiently(pair.dst, worker.dst, statements, { what, signal, progress: tell }),
    });
  } catch (error) {
    meter.leave(piece);
    if (!isWaveOver(error)) throw error;
    throw new RefusedError('another belt has gone on with this copy meanwhile', {
      hint: 'Look at it with "belt status".',
      detail: { side: 'dst' },
      cause: error,
    });
  }
}

/**
 * Counts the rows that the source has in the snapshot: as many must be in the journal, under locks that were held all the
 * time. Only then the tables are whole. Pieces that are not in the journal are put back to be copied: a server that crashed
 * has lost the last transactions before it.
 * @throws CheckFailedError when a table's rows are not as many; it is copied anew next time
 */
async function checkTables(
  { src, dst }: Worker,
  wave: Wave,
  tables: readonly CopyTable[],
  work: Work,
  { meter, whole: tellWhole }: WorkersOptions,
): Promise<void> {
  const described = tables.map(({ table }) => table);
  const [counted, noted] = await Promise.all([
    countRows(src, described),
    notedChunks(dst, wave.lsn, described),
    wave.verify(),
  ]);
  const { lost, put } = work.again(tables, new Map([...noted].map(([label, { chunks }]) => [label, chunks])));
  meter.gone(put);
  const lostTables = new Set(lost.flatMap((piece) => piece.map(({ table }) => table.table.label)));
  const whole = described.filter(({ label }) => !lostTables.has(label));
  const proved = whole.map(({ schema, name, label }) => ({
    schema,
    name,
    rows: counted.get(label) ?? 0,
    copied: noted.get(label)?.rows ?? 0,
  }));
  const [wrong] = proved.filter(({ rows, copied }) => rows !== copied);
  if (wrong !== undefined) {
    const { schema, name, rows, copied } = wrong;
    throw new CheckFailedError(
      `table "${schema}"."${name}" was not copied whole: ${String(rows)} rows on the source, ${String(copied)} on the destination`,
      {
        hint: 'Run the same command again: it is copied anew. Does something on the destination drop rows (a trigger ENABLE ALWAYS, a rule)?',
        detail: { side: 'dst', object: `${schema}.${name}`, source_rows: rows, destination_rows: copied },
      },
    );
  }
  await noteSourceRows(dst, wave.lsn, proved);
  meter.whole(whole);
  tellWhole(whole);
}
