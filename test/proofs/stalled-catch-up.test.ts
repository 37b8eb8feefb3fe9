import { expect, it } from 'vitest';
import { literal, qualified } from '../../src/postgres/quote.js';
import { copyPair, expectSame, startWriter, untilCopied } from '../harness/copying.js';
import { holding, must } from '../harness/migration.js';
import type { TestPair } from '../harness/pair.js';

/** At this rate the copy takes some seconds after its first piece. */
const SETUP = ['setup', '--chunk-size', '200kB', '--max-rate', '500kB/s'] as const;

/** Runs `work` with a row on the destination that is about to be there: whoever inserts one of the same key waits. */
type InTheWay = (pair: TestPair, insert: string, work: (holder: string) => Promise<void>) => Promise<void>;

const inASession: InTheWay = (pair, insert, work) => holding(pair.dst, insert, (pid) => work(`pid ${String(pid)}`));

const prepared: InTheWay = async (pair, insert, work) => {
  const name = literal(`in the way of ${pair.schema}`);
  const client = await pair.dst.connect();
  try {
    await client.query(`BEGIN; ${insert}; PREPARE TRANSACTION ${name}`);
    await work('a prepared transaction');
  } finally {
    await client.query(`ROLLBACK PREPARED ${name}`);
    await client.end();
  }
};

it.concurrent.each([
  ['a session', inASession],
  ['a prepared transaction', prepared],
])(
  'setup says that %s keeps the destination from catching up; once that has ended, it goes on',
  async (_, inTheWay) => {
    const pair = await copyPair({ rows: 12_000, documents: 100, ownProcess: true });
    const writer = await startWriter(pair, 60);
    const insert = `INSERT INTO ${qualified(pair.schema, 'marks')} (id, mark) VALUES (1000000, 'of both')`;
    let belt = 0;
    const running = pair.belt(SETUP, { onStart: (pid) => (belt = pid) });
    await untilCopied(pair, 1);
    // So that it does not come to its end meanwhile.
    process.kill(belt, 'SIGSTOP');
    await inTheWay(pair, insert, async (holder) => {
      await pair.src.sql(insert);
      process.kill(belt, 'SIGCONT');
      const run = await running;
      expect(run.exitCode, run.text).not.toBe(0);
      expect(run.stderr).toMatch(
        new RegExp(
          `nothing more has arrived for \\d+ s: the apply worker on the destination .* waits for a lock held by ${holder}`,
        ),
      );
    });
    const run = await must(pair, ['setup']);
    await expectSame(pair, [writer], run.text);
  },
  180_000,
);
