import { describe, expect, it } from 'vitest';
import { news } from '../../../src/render/watch/status-news.js';
import type { Row } from '../../../src/results/envelope.js';
import type { StatusFields } from '../../../src/results/status.js';
import { status, watched } from '../../cli/envelopes.js';

type StatusRow = Row<StatusFields>;

function rowOf(rows: readonly StatusRow[], index: number): StatusRow {
  const row = rows[index];
  if (row === undefined) throw new Error(`no row ${String(index)}`);
  return row;
}

const [replicating, initializing, down, interrupted, failed] = [0, 1, 2, 3, 4].map((index) => rowOf(status, index)) as [
  StatusRow,
  StatusRow,
  StatusRow,
  StatusRow,
  StatusRow,
];
const growing = rowOf(watched, 0);

/** The initial copy with the first so many of its waiting tables done, and so many more bytes. */
function further(tables: number, bytes: number): StatusRow {
  const load = initializing.initial_load;
  if (load === null || load === undefined) throw new Error('no load');
  let left = tables;
  return {
    ...initializing,
    initial_load: {
      ...load,
      bytes_done: load.bytes_done + bytes,
      tables: load.tables.map((table) =>
        table.state === 'waiting' && left-- > 0 ? { ...table, state: 'done' as const } : table,
      ),
    },
  };
}

describe('news', () => {
  it('are all there is to say at first', () => {
    expect(news(undefined, replicating)).toEqual([
      'forward replication: replicating, 16.0 kB behind',
      'back replication: replicating, 0 bytes behind',
    ]);
    expect(news(undefined, failed)).toEqual([expect.stringMatching(/^failed: cannot connect/)]);
  });

  it('are none when nothing is new, small changes being none', () => {
    for (const row of [replicating, initializing, down, interrupted, failed]) expect(news(row, row)).toEqual([]);
    expect(news(replicating, { ...replicating, lag_bytes: 5 })).toEqual([]);
    expect(news(initializing, further(0, 1_000_000))).toEqual([]);
  });

  it('tell a direction that goes down, and why; and another reason', () => {
    expect(news(replicating, down)).toEqual([
      'forward replication: down',
      'forward slot: WAL unreserved (96.7 kB kept)',
      'back replication: unconfigured',
      'down: forward: no worker runs',
    ]);
    expect(news(down, { ...down, down_reasons: ['forward: no worker runs', 'back: disabled'] })).toEqual([
      'down: back: disabled',
    ]);
  });

  it('tell a copy that was interrupted once, however much WAL is kept for it, and what it is at', () => {
    expect(news(initializing, interrupted)).toEqual([
      'forward replication: down',
      expect.stringMatching(/^down: forward: the copy was interrupted after 1 of 2 tables; .* run belt setup again/),
    ]);
    const [reason = ''] = interrupted.down_reasons ?? [];
    expect(news(interrupted, { ...interrupted, down_reasons: [reason.replace('96.7 kB', '12.0 GB')] })).toEqual([]);
    const load = initializing.initial_load;
    if (load === null || load === undefined) throw new Error('no load');
    expect(news(initializing, { ...initializing, initial_load: { ...load, phase: 'keys' } })).toEqual([
      'initial copy: all rows are there, keys are built',
    ]);
  });

  it('tell a database that cannot be looked at once, and that it answers again', () => {
    expect(news(replicating, failed)).toEqual([expect.stringMatching(/^failed: /)]);
    expect(news(failed, failed)).toEqual([]);
    expect(news(failed, replicating)[0]).toBe('answers again');
  });

  it('tell a lag that begins to grow, and that it no longer does', () => {
    expect(news(replicating, growing)).toContain('back lag grows by 1953 kB/s: 1024 bytes');
    expect(news(growing, replicating)).toContain('back lag no longer grows: 0 bytes');
  });

  it('tell each table that is done, and every ten percent', () => {
    expect(news(initializing, further(1, 1000))).toEqual([
      'table log 0 copied, 80.0 kB',
      expect.stringMatching(/^initial copy: 32\.2 %, /),
    ]);
    expect(news(initializing, further(0, 1_400_000))).toEqual([
      'initial copy: 42.9 %, 5463 kB of 12.4 MB, 43.0 kB/s, 3 min 20 s left',
    ]);
  });

  it('tell who else holds a lock that the copy waits for', () => {
    const load = initializing.initial_load;
    if (load === null || load === undefined) throw new Error('no load');
    const blocked = { ...initializing, initial_load: { ...load, blocked_by: [{ side: 'src' as const, pid: 1 }] } };
    expect(news(initializing, blocked)[0]).toBe('the initial copy waits for a lock held by pid 1 on the source');
  });
});
