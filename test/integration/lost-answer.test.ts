import { expect, it, onTestFinished } from 'vitest';
import { expectSame, pairBehindProxies, startWriter } from '../harness/copying.js';
import { must } from '../harness/migration.js';

const COMMITS_A_PIECE = 'INSERT INTO "belt"."copy_chunk"';

it('a piece that was committed, though the connection was lost in place of the answer, is not copied twice', async () => {
  const { pair, src, dst } = await pairBehindProxies({ rows: 6_000, documents: 10 });
  onTestFinished(() => {
    src.close();
    dst.close();
  });
  const writer = await startWriter(pair);
  let lost = 0;
  const lose = async (): Promise<void> => {
    for (; lost < 3; lost++) await dst.loseAnswer((statement) => statement.includes(COMMITS_A_PIECE));
  };
  void lose();
  const run = await must(pair, ['setup', '--chunk-size', '100kB', '--max-rate', '2MB/s']);
  expect(lost).toBeGreaterThan(0);
  expect(run.stderr).toMatch(/was lost: .*tries again in/);
  await expectSame(pair, [writer], run.text);
}, 60_000);
