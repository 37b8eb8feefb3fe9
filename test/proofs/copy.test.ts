import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import type { BeltOptions, BeltRun } from '../harness/belt.js';
import {
  AT,
  cutAt,
  copyPair,
  expectSame,
  pairBehindProxies,
  sessionAt,
  startWriter,
  untilCopied,
  type CopyOptions,
} from '../harness/copying.js';
import { expectEqual, holding, must, until } from '../harness/migration.js';
import type { TestPair } from '../harness/pair.js';
import { seeded } from '../harness/seeded.js';
import { testServers } from '../harness/servers.js';

/** What npm test shows of a small copy (test/e2e/copy.test.ts), here with more rows, more kills, and servers that go away. */

const SIZE: CopyOptions = { rows: 60_000, documents: 300, ownProcess: true };

const SETUP = ['setup', '--copy', 'belt', '--chunk-size', '1MB'] as const;

/** At this rate the copy takes some four seconds. */
const SLOWLY = [...SETUP, '--max-rate', '8MB/s'] as const;

const clients: { end: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});

const OPEN = /waits for transactions that were open before: pid \d+/;

/** Runs setup while something happens to it. Both must end well. */
async function during(pair: TestPair, happens: () => Promise<void>, options: BeltOptions = {}): Promise<BeltRun> {
  const [run] = await Promise.all([must(pair, SLOWLY, options), happens()]);
  return run;
}

describe("belt's own copy, under a writer", () => {
  it('killed at ten random moments, goes on each time', async () => {
    const random = seeded();
    const pair = await copyPair(SIZE);
    const writer = await startWriter(pair);
    const moments: string[] = [];
    for (let kill = 0; kill < 10; kill++) {
      // Half of them anywhere, half of them while rows are copied.
      const run =
        kill % 2 === 0
          ? await pair.belt(SLOWLY, { killAfter: 300 + random.next() * 4_000 })
          : await pair.belt(SLOWLY, {
              killAtLine: { matches: /asleep until the rows are there/, afterMs: random.next() * 2_500 },
            });
      moments.push(run.signal ?? `exit code ${String(run.exitCode)}`);
      if (run.signal === null) expect(run.exitCode, run.text).toBe(0);
    }
    const hint = `${random.hint}: ${moments.join(', ')}`;
    expect(moments, hint).toContain('SIGKILL');
    await must(pair, SETUP);
    await expectSame(pair, [writer], hint);
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
    await expectEqual(pair);
  }, 240_000);

  it('its connections cut, a lock in its way, asleep for a while', async () => {
    const { pair, src, dst } = await pairBehindProxies(SIZE);
    onTestFinished(() => {
      src.close();
      dst.close();
    });
    const writer = await startWriter(pair);
    const table = (name: string): string => `${ident(pair.schema)}.${ident(name)}`;
    let belt = 0;
    const open = await pair.src.connect();
    clients.push(open);
    const write = 'BEGIN; SELECT pg_current_xact_id()';
    await open.query(write);
    const [first] = await Promise.all([
      // Until pglogical has its slot; the next setup begins with belt's.
      pair.belt(SLOWLY, { killAtLine: { matches: /ok .*asleep until the rows are there/ } }),
      until('pglogical makes its slot', async () => {
        const rows = await pair.src.sql(
          "SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'walsender' AND wait_event_type = 'Lock'",
        );
        return rows.length > 0;
      })
        .then(() => pause(2_500))
        .then(() => open.query('ROLLBACK')),
    ]);
    expect(first.signal, first.text).toBe('SIGKILL');
    expect(first.stderr).toMatch(OPEN);
    await open.query(write);
    const run = await during(
      pair,
      async () => {
        // While the slot waits for a transaction that is open.
        const waiting = await sessionAt(pair.src, AT.makingTheSlot);
        await pause(1_500);
        expect(src.cut(waiting)).toBe(1);
        await sessionAt(pair.src, `${AT.makingTheSlot} AND pid <> ${String(waiting)}`);
        await holding(pair.src, `LOCK TABLE ONLY ${table('marks')} IN ACCESS EXCLUSIVE MODE`, async () => {
          await open.query('ROLLBACK');
          await pause(1_000);
        });
        await holding(pair.dst, `LOCK TABLE ${table('wide')} IN ACCESS EXCLUSIVE MODE`, async () => {
          await sessionAt(pair.dst, AT.waitingForLock);
          await pause(5_500);
        });
        await cutAt(src, pair.src, AT.copying);
        await untilCopied(pair, 3);
        await cutAt(dst, pair.dst, AT.copying);
        await untilCopied(pair, 5);
        process.kill(belt, 'SIGSTOP');
        src.cutAll();
        dst.cutAll();
        await pause(1_500);
        process.kill(belt, 'SIGCONT');
        await untilCopied(pair, 9);
        await cutAt(src, pair.src, AT.keepingTheSnapshot);
      },
      { onStart: (pid) => (belt = pid) },
    );
    expect(run.stderr).toMatch(OPEN);
    expect(run.stderr).toMatch(/waits for pid \d+ \(.*idle in transaction/);
    await expectSame(pair, [writer], run.text);
  }, 240_000);

  it('its servers restarted and crashed', async () => {
    const pair = await copyPair(SIZE);
    const writers = [await startWriter(pair)];
    const servers = await testServers();
    const run = await during(pair, async () => {
      await untilCopied(pair, 4);
      await pair.dst.disconnect();
      await servers.dst.kill();
      await servers.dst.start();
      await untilCopied(pair, 8);
      await pair.src.disconnect();
      await servers.src.restart();
      writers.push(await startWriter(pair));
      await untilCopied(pair, 12);
      await pair.dst.disconnect();
      await servers.dst.restart();
      await pair.src.disconnect();
      await servers.src.kill();
      await servers.src.start();
      writers.push(await startWriter(pair));
    });
    await pair.src.disconnect();
    await pair.dst.disconnect();
    await expectSame(pair, writers, run.text);
  }, 240_000);
});
