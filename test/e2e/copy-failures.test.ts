import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import type { BeltOptions, BeltRun } from '../harness/belt.js';
import { copyPair, expectSame, SETUP, startWriter, untilCopied } from '../harness/copying.js';
import { holding, must, until } from '../harness/migration.js';
import type { TestDatabase, TestPair } from '../harness/pair.js';
import { Proxy } from '../harness/proxy.js';
import { testServers } from '../harness/servers.js';

/** At this rate the copy takes some four seconds. */
const SLOWLY = [...SETUP, '--max-rate', '8MB/s'] as const;

const proxies: Proxy[] = [];
const clients: { end: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
  for (const proxy of proxies.splice(0)) proxy.close();
});

/** A pair whose servers belt reaches by ways that can be cut; the servers reach each other as ever. */
async function behindProxies(): Promise<{ pair: TestPair; src: Proxy; dst: Proxy }> {
  const servers = await testServers();
  const [src, dst] = await Promise.all([Proxy.start(servers.src.info), Proxy.start(servers.dst.info)]);
  proxies.push(src, dst);
  const pair = await copyPair({
    config: ({ src: source, dst: destination }) => {
      for (const [side, proxy] of [[source, src] as const, [destination, dst] as const]) {
        if (side === null) continue;
        side.peer_host ??= side.host;
        side.peer_port ??= Number(side.port);
        side.host = '127.0.0.1';
        side.port = proxy.port;
        side.sslmode = 'disable';
      }
    },
  });
  return { pair, src, dst };
}

/** Waits until a session of belt's is at this, and gives its server process. */
async function sessionAt(side: TestDatabase, condition: string): Promise<number> {
  let pid: number | undefined;
  await until(`a session of belt's: ${condition}`, async () => {
    const [row] = await side.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belt setup%'
          AND ${condition} ORDER BY backend_start LIMIT 1`,
    );
    pid = row?.pid;
    return pid !== undefined;
  });
  return pid ?? 0;
}

const OPEN = /waits for transactions that were open before: pid \d+/;
const COPYING = "state = 'active' AND query LIKE 'COPY %'";
const KEEPER = "backend_type = 'client backend' AND state = 'idle in transaction' AND backend_xmin IS NOT NULL";
const WALSENDER = "backend_type = 'walsender'";

/** Runs setup while something happens to it. Both must end well. */
async function during(pair: TestPair, happens: () => Promise<void>, options: BeltOptions = {}): Promise<BeltRun> {
  const [run] = await Promise.all([must(pair, SLOWLY, options), happens()]);
  return run;
}

describe("belt's own copy, under a writer", () => {
  it('killed at ten random moments, goes on each time', async () => {
    const seed = Number(process.env['BELT_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    const random = generator(seed);
    const pair = await copyPair();
    const writer = await startWriter(pair);
    const moments: string[] = [];
    for (let kill = 0; kill < 10; kill++) {
      // Half of them anywhere, half of them while rows are copied.
      const run =
        kill % 2 === 0
          ? await pair.belt(SLOWLY, { killAfter: 300 + random() * 4_000 })
          : await pair.belt(SLOWLY, {
              killAtLine: { matches: /asleep until the rows are there/, afterMs: random() * 2_500 },
            });
      moments.push(run.signal ?? `exit code ${String(run.exitCode)}`);
      if (run.signal === null) expect(run.exitCode, run.text).toBe(0);
    }
    const hint = `BELT_TEST_SEED=${String(seed)}: ${moments.join(', ')}`;
    expect(moments, hint).toContain('SIGKILL');
    await must(pair, SETUP);
    await expectSame(pair, [writer], hint);
  }, 240_000);

  it('its connections cut, a lock in its way, asleep for a while', async () => {
    const { pair, src, dst } = await behindProxies();
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
        const waiting = await sessionAt(pair.src, `${WALSENDER} AND wait_event_type = 'Lock'`);
        await pause(1_500);
        expect(src.cut(waiting)).toBe(1);
        await sessionAt(pair.src, `${WALSENDER} AND wait_event_type = 'Lock' AND pid <> ${String(waiting)}`);
        await holding(pair.src, `LOCK TABLE ONLY ${table('marks')} IN ACCESS EXCLUSIVE MODE`, async () => {
          await open.query('ROLLBACK');
          await pause(1_000);
        });
        await holding(pair.dst, `LOCK TABLE ${table('wide')} IN ACCESS EXCLUSIVE MODE`, async () => {
          await sessionAt(pair.dst, "wait_event_type = 'Lock'");
          await pause(5_500);
        });
        expect(src.cut(await sessionAt(pair.src, COPYING))).toBe(1);
        await untilCopied(pair, 3);
        expect(dst.cut(await sessionAt(pair.dst, COPYING))).toBe(1);
        await untilCopied(pair, 5);
        process.kill(belt, 'SIGSTOP');
        src.cutAll();
        dst.cutAll();
        await pause(1_500);
        process.kill(belt, 'SIGCONT');
        await untilCopied(pair, 9);
        expect(src.cut(await sessionAt(pair.src, KEEPER))).toBe(1);
      },
      { onStart: (pid) => (belt = pid) },
    );
    expect(run.stderr).toMatch(OPEN);
    expect(run.stderr).toMatch(/waits for pid \d+ \(.*idle in transaction/);
    await expectSame(pair, [writer], run.text);
  }, 240_000);

  it('its servers restarted and crashed', async () => {
    const pair = await copyPair();
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

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
