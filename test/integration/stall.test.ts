import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Stall } from '../../src/copy/stall.js';
import { forward } from '../../src/pglogical/direction.js';
import { qualified } from '../../src/postgres/quote.js';
import { holding, must, untilReplicating } from '../harness/migration.js';
import { openPair } from '../harness/open-pair.js';
import { testPair } from '../harness/pair.js';

const LIMITS = { blocked: 300, stalled: 1_000, restarts: 3 };
const SLOT = { confirmed_flush_lsn: '0/1' };

/** A session stands for the apply worker: it can be made to do what the worker does for minutes with a big transaction. */
it('the destination stands still when its worker does not work, naming who is in the way, or begins anew again and again', async () => {
  const pair = await testPair({ srcSql: 'CREATE TABLE item (id int PRIMARY KEY)' });
  await must(pair, ['setup']);
  await untilReplicating(pair.dst, 'pg1_pg2');
  const item = qualified(pair.schema, 'item');
  const direction = forward(openPair(pair));
  const worker = await pair.dst.connect();
  try {
    const { rows } = await worker.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = rows[0]?.pid ?? 0;
    const stall = new Stall(direction, LIMITS);
    const look = async (looks: number): Promise<void> => {
      for (let count = 0; count < looks; count += 1) {
        await stall.look(SLOT, { pid, started: 'once' });
        await pause(50);
      }
    };

    const working = worker.query('SELECT count(*) FROM generate_series(1, 1e12)').catch(() => undefined);
    await look(30);
    await pair.dst.sql('SELECT pg_cancel_backend($1)', [pid]);
    await working;

    await holding(pair.dst, `LOCK TABLE ${item}`, async () => {
      const waiting = worker.query(`SELECT FROM ${item}`).catch(() => undefined);
      await expect(look(30)).rejects.toThrow(/nothing more has arrived for 0 s: .* waits for a lock held by pid \d+$/);
      await pair.dst.sql('SELECT pg_cancel_backend($1)', [pid]);
      await waiting;
    });

    await expect(look(60)).rejects.toThrow(/nothing more has arrived for 1 s$/);

    const begunAnew = new Stall(direction, { blocked: 60_000, stalled: 60_000, restarts: 3 });
    for (const started of ['1', '2', '3', '4']) await begunAnew.look(SLOT, { pid, started });
    await expect(begunAnew.look(SLOT, { pid, started: '5' })).rejects.toThrow(/has begun anew 4 times/);
    // One that was confirmed is no reason to give up.
    await begunAnew.look({ confirmed_flush_lsn: '0/2' }, { pid, started: '6' });
    await begunAnew.look({ confirmed_flush_lsn: '0/2' }, null);
    await begunAnew.look({ confirmed_flush_lsn: '0/2' }, { pid, started: '7' });
  } finally {
    await worker.end();
  }
});
