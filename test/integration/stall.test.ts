import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Stall } from '../../src/copy/stall.js';
import { forward } from '../../src/pglogical/direction.js';
import { qualified } from '../../src/postgres/quote.js';
import { holding, must, untilReplicating } from '../harness/migration.js';
import { openPair } from '../harness/open-pair.js';
import { testPair } from '../harness/pair.js';

const LIMITS = { blocked: 300, stalled: 1_000 };
const SLOT = { confirmed_flush_lsn: '0/1' };

/** A session stands for the apply worker: it can be made to do what the worker does for minutes with a big transaction. */
it('the destination is not taken to stand still as long as its worker works; then who is in the way is named', async () => {
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
        await stall.look(SLOT, pid);
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
  } finally {
    await worker.end();
  }
});
