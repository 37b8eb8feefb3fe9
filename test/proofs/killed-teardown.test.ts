import { describe, expect, it } from 'vitest';
import { expectSuccess, replicate } from '../harness/commands.js';
import { APPLICATION, leftovers, ownRole } from '../harness/leftovers.js';
import { testPair } from '../harness/pair.js';

describe.concurrent('belt teardown --full, killed and run again', () => {
  it.each([
    [/drop subscription pg2_pg1 .*\(/, 0],
    [/slot on the source and its origin .*\(/, 5],
    [/drop replication set pgbelt on the source \(/, 10],
    [/drop the pglogical node of the source \(/, 20],
    [/drop extension pglogical on the source \(/, 3],
  ])('after %s', { timeout: 120_000 }, async (matches, afterMs) => {
    const pair = await testPair({ srcSql: APPLICATION, names: { pglogical: ownRole() } });
    await replicate(pair, 'both');
    const killed = await pair.belt(['teardown', '--full'], { killAtLine: { matches, afterMs } });
    expect(killed.signal, killed.text).toBe('SIGKILL');
    expectSuccess(await pair.belt(['teardown', '--full']));
    for (const side of [pair.src, pair.dst]) {
      expect(await leftovers(side)).toEqual([]);
      expect(await side.sql('SELECT FROM "Shop Data"."Order Details"')).toHaveLength(20);
    }
  });
});
