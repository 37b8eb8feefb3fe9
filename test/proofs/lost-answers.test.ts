import { describe, expect, it, onTestFinished } from 'vitest';
import { expectSame, pairBehindProxies, startWriter } from '../harness/copying.js';
import { expectEqual, must } from '../harness/migration.js';
import type { TestPair } from '../harness/pair.js';
import type { Proxy } from '../harness/proxy.js';
import { seeded } from '../harness/seeded.js';

/** Of so many statements that follow each other, about one is met. */
const STRIDE = 4;

/**
 * Runs a command again and again, and each time cuts a connection in place of the answer to one more of its statements: the
 * server has done what belt does not know of. In the end, the command comes through.
 */
async function inSpiteOfAll(pair: TestPair, way: Proxy, words: Parameters<TestPair['belt']>[0], random: () => number) {
  for (let statement = 1; ; statement += 1 + Math.floor(random() * 2 * STRIDE)) {
    let left = statement;
    void way.loseAnswer(() => {
      left -= 1;
      return left === 0;
    });
    const run = await pair.belt(words);
    way.keepAnswers();
    const what = `${words.join(' ')}, the answer to statement ${String(statement)} lost: ${run.text}`;
    expect(run.text, what).not.toMatch(/^ +at .*:\d+:\d+|TypeError/m);
    if (left > 0) {
      expect(run.exitCode, what).toBe(0);
      return;
    }
    if (run.exitCode !== 0) expect(run.stderr, what).toMatch(/^error: [^]*(connect|pg_(dump|restore): error)/m);
  }
}

// One after the other: revoke-logins takes the logins of all roles of a server.
describe('a migration in which answers are lost', () => {
  it.each([['src'], ['dst']] as const)(
    'of the %s comes to its end, with every row',
    async (side) => {
      const random = seeded();
      const { pair, ...ways } = await pairBehindProxies({ rows: 1_200, documents: 10 });
      onTestFinished(() => {
        ways.src.close();
        ways.dst.close();
      });
      const belt = (...words: [string, ...string[]]): Promise<void> =>
        inSpiteOfAll(pair, ways[side], words, () => random.next());
      const writer = await startWriter(pair, 60);
      await belt('precheck');
      await belt('setup');
      await must(pair, ['wait', '--for', 'caught-up']);
      await belt('setup-back-replication');
      await belt('create-indexes');
      await belt('analyze');
      await belt('status');
      await expectSame(pair, [writer], random.hint);
      await belt('revoke-logins', '--disconnect');
      await belt('restore-logins');
      await belt('revoke-logins', '--disconnect');
      await belt('teardown-forward-replication');
      await belt('sync');
      await expectEqual(pair);
      await belt('teardown-back-replication');
      await belt('teardown', '--full');
      for (const one of [pair.src, pair.dst]) {
        const left = await one.sql(
          `SELECT nspname AS name FROM pg_namespace WHERE nspname IN ('belt', 'pglogical')
           UNION ALL SELECT slot_name FROM pg_replication_slots WHERE database = current_database()`,
        );
        expect(left, random.hint).toEqual([]);
      }
    },
    400_000,
  );
});
