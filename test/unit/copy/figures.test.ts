import { describe, expect, it } from 'vitest';
import { Controls } from '../../../src/copy/controls.js';
import { FiguresOf, WalLeft } from '../../../src/copy/figures.js';
import { CopyMeter } from '../../../src/copy/meter.js';
import { planChunks } from '../../../src/copy/plan.js';
import type { JournalProgress } from '../../../src/pglogical/own-progress.js';
import type { Table } from '../../../src/postgres/catalog/tables.js';
import type { Label } from '../../../src/postgres/schemas.js';

const table = (name: string, more: Partial<JournalProgress> = {}): JournalProgress => ({
  schema: 'shop',
  name,
  label: name as Label,
  bytes: 1000,
  chunks: 2,
  chunks_done: 0,
  chunks_lately: 0,
  streamed: 0,
  whole: false,
  running: [],
  jobs: 0,
  ...more,
});

describe('figures of a copy', () => {
  it('speeds are of the last 15 seconds, in bytes on disk, for all and for each table at work', () => {
    const figures = new FiguresOf();
    // 400 bytes of stream for 500 on disk.
    const at = (ms: number, inside: number): ReturnType<FiguresOf['look']> =>
      figures.look(
        [
          table('a', { chunks_done: 1, streamed: 400, running: [inside], jobs: 1 }),
          table('b', { bytes: 2000 }),
          table('c', { bytes: 0, chunks: 1, chunks_done: 1, whole: true }),
        ],
        ms,
      );
    expect(at(0, 0)).toMatchObject({
      tables_done: 1,
      tables_total: 3,
      bytes_done: 500,
      bytes_total: 3000,
      bytes_per_second: null,
      seconds_left: null,
      at_work: [{ name: 'a', bytes_done: 500, bytes_total: 1000, bytes_per_second: null, jobs: 1 }],
    });
    expect(at(10_000, 80)).toMatchObject({
      bytes_done: 600,
      bytes_per_second: 10,
      wire_bytes_per_second: 8,
      seconds_left: 240,
      at_work: [{ bytes_done: 600, bytes_per_second: 10 }],
    });
    // What was before the window says nothing any more.
    expect(at(30_000, 80)).toMatchObject({ bytes_per_second: null });
    expect(at(40_000, 80)).toMatchObject({ bytes_per_second: 0, seconds_left: null });
  });

  it('a piece that is through, but not there yet, is no step back; a copy that begins anew is', () => {
    const figures = new FiguresOf();
    figures.look([table('a', { chunks_done: 1, streamed: 400, running: [300], jobs: 1 })], 0);
    const between = figures.look([table('a', { chunks_done: 1, streamed: 400 })], 1000);
    expect(between).toMatchObject({ bytes_per_second: 0, at_work: [] });
    expect(figures.look([table('a', { chunks_done: 2, streamed: 800, whole: true })], 2000)).toMatchObject({
      bytes_done: 1000,
      bytes_per_second: 63,
    });
    expect(figures.look([table('a', { running: [100], jobs: 1 })], 3000)).toMatchObject({
      bytes_done: 100,
      bytes_per_second: null,
    });
  });

  it('WAL to go: how fast it becomes less', () => {
    const left = new WalLeft();
    expect(left.look(1000, 0)).toEqual({ wal_left_bytes: 1000, bytes_per_second: null, seconds_left: null });
    expect(left.look(600, 2000)).toEqual({ wal_left_bytes: 600, bytes_per_second: 200, seconds_left: 3 });
    expect(left.look(2000, 3000)).toMatchObject({ bytes_per_second: null, seconds_left: null });
  });
});

describe('the meter of a copy that runs', () => {
  it('counts pieces that pass, are there, are given up, or are gone', () => {
    const meter = new CopyMeter(new Controls(3, 5000));
    const planned = { table: table('a') as unknown as Table, binary: true, bytes: 1000, blocks: 10 };
    const chunks = planChunks([planned], { chunkBytes: 500, canSplit: true });
    const [first, second] = chunks;
    if (first === undefined || second === undefined) throw new Error('two pieces');
    expect(meter.look(0)).toMatchObject({ phase: 'preparing', tables_total: 0, jobs: 3, max_rate: 5000 });

    meter.plan([table('a')]);
    meter.passed(first, 0);
    meter.passed(first, 200);
    meter.passed(first, 200);
    meter.passed(second, 100);
    expect(meter.look(0)).toMatchObject({ phase: 'copying', bytes_done: 500, at_work: [{ jobs: 2 }] });
    meter.through(first);
    expect(meter.look(1000)).toMatchObject({ bytes_done: 500, at_work: [{ jobs: 1 }] });
    meter.there([first]);
    // Now it is known that 400 bytes of stream are 500 on disk.
    expect(meter.look(2000)).toMatchObject({ bytes_done: 625, tables_done: 0 });
    meter.leave([second]);
    expect(meter.look(3000)).toMatchObject({ bytes_done: 500, at_work: [] });
    meter.passed(second, 400);
    meter.there([second]);
    meter.whole([{ label: 'a' as Label }]);
    expect(meter.look(4000)).toMatchObject({ bytes_done: 1000, tables_done: 1, seconds_left: 0 });
    meter.plan([table('a', { chunks_done: 1, streamed: 400 })]);
    expect(meter.look(5000)).toMatchObject({ bytes_done: 500, tables_done: 0 });
    meter.gone([[first]]);
    expect(meter.look(6000)).toMatchObject({ bytes_done: 0 });
  });

  it('shows what each voice says last, until that is old', () => {
    const meter = new CopyMeter(new Controls(1, Infinity));
    const [one, other] = [meter.voice(), meter.voice()];
    one('waits for pid 1');
    one('waits for pid 2');
    other('waits for pid 2');
    expect(meter.look().waits).toEqual(['waits for pid 2']);
    other('tries again in 8 s', 8000);
    expect(meter.look(performance.now() + 1000).waits).toEqual(['waits for pid 2', 'tries again in 8 s']);
    expect(meter.look(performance.now() + 9000).waits).toEqual(['tries again in 8 s']);
    expect(meter.look(performance.now() + 12_000).waits).toEqual([]);
  });
});
