import { expect, it, onTestFinished } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { AT, cutAt, expectSame, pairBehindProxies, sessionAt, startWriter, untilCopied } from '../harness/copying.js';
import { expectEqual, holding, must, until } from '../harness/migration.js';
import { seeded } from '../harness/seeded.js';

/** At this rate the copy takes some seconds. */
const SLOWLY = ['setup', '--copy', 'belt', '--chunk-size', '100kB', '--max-rate', '2MB/s'] as const;

/** With many more kills, and the servers restarted and crashed: test/proofs/copy.test.ts. */
it("belt's own copy, killed, cut off and locked out, hands over at exactly its point; the cutover loses nothing", async () => {
  const { pair, src, dst } = await pairBehindProxies({ rows: 6_000, documents: 400 });
  onTestFinished(() => {
    src.close();
    dst.close();
  });
  const table = (name: string): string => `${ident(pair.schema)}.${ident(name)}`;
  const random = seeded();
  const writer = await startWriter(pair, 60);

  // With the subscription made and no slot of belt's.
  const asleep = await pair.belt(SLOWLY, { killAtLine: { matches: /ok .*asleep until the rows are there/ } });
  expect(asleep.signal, asleep.text).toBe('SIGKILL');

  // In the middle of the rows, after it went on in spite of lost connections, and while a lock is in its way.
  let said = '';
  let kill = (): void => undefined;
  const killOn = new Promise<void>((done) => (kill = done));
  const inTheWay = (): Promise<void> =>
    // So that it cannot end meanwhile.
    holding(pair.dst, `LOCK TABLE ${table('marks')} IN SHARE MODE`, async () => {
      await cutAt(src, pair.src, AT.copying);
      await untilCopied(pair, 2);
      await cutAt(dst, pair.dst, AT.copying);
      await sessionAt(pair.dst, AT.waitingForLock);
      await until('belt says who is in the way', () => Promise.resolve(/waits for pid \d+ \(.*idle in/.test(said)));
      await untilCopied(pair, 4);
      kill();
      await running;
    });
  const running = pair.belt(SLOWLY, { killOn, onStderr: (text) => (said = text) });
  await inTheWay();
  const copying = await running;
  expect(copying.signal, copying.text).toBe('SIGKILL');

  const anywhere = await pair.belt(SLOWLY, { killAfter: 300 + random.next() * 2_000 });
  // What is left may be done by then.
  if (anywhere.signal === null) expect(anywhere.exitCode, `${random.hint}\n${anywhere.text}`).toBe(0);
  const run = await must(pair, ['setup']);
  await expectSame(pair, [writer], `${random.hint}\n${run.text}`);

  await must(pair, ['revoke-logins', '--disconnect']);
  await must(pair, ['teardown-forward-replication']);
  await must(pair, ['sync']);
  await expectEqual(pair);
}, 180_000);
