import { describe, expect, it } from 'vitest';
import { awkwardSchema } from '../harness/awkward.js';
import { expectSuccess } from '../harness/commands.js';
import { copyPair, expectSame, SETUP, startWriter } from '../harness/copying.js';
import { expectEqual, must } from '../harness/migration.js';
import { testPair } from '../harness/pair.js';

describe("belt's own copy", () => {
  it('hands over to replication at exactly its point, under writes', async () => {
    const pair = await copyPair();
    const writer = await startWriter(pair);
    const run = await must(pair, SETUP);
    expectSuccess(run);
    await expectSame(pair, [writer]);
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
    await expectEqual(pair);
  }, 120_000);

  it('copies an awkward schema', async () => {
    const pair = await testPair({ hostile: true, srcSql: (names) => awkwardSchema(names, 1000) });
    await must(pair, SETUP);
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
    await expectEqual(pair);
    const journal = await pair.dst.sql(`SELECT FROM pg_class WHERE relnamespace = to_regnamespace('belt')`);
    expect(journal).toEqual([]);
  });
});
