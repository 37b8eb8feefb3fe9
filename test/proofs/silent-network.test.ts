import { it, onTestFinished } from 'vitest';
import { expectSame, pairBehindProxies, startWriter, untilCopied } from '../harness/copying.js';
import { must } from '../harness/migration.js';

/** At this rate the copy takes some seconds. */
const SETUP = ['setup', '--chunk-size', '200kB', '--max-rate', '2MB/s'] as const;

/** As a firewall does that forgets a connection: no error comes, only silence. The servers reach each other as ever. */
it.each([['src'], ['dst']] as const)(
  'a copy whose connections to the %s fall silent finds that out, and goes on with new ones',
  async (side) => {
    const { pair, ...ways } = await pairBehindProxies({ rows: 12_000, documents: 100, ownProcess: true });
    onTestFinished(() => {
      ways.src.close();
      ways.dst.close();
    });
    const writer = await startWriter(pair, 60);
    const running = must(pair, SETUP, { timeout: 240_000 });
    await untilCopied(pair, 4);
    ways[side].silence();
    const run = await running;
    await expectSame(pair, [writer], run.text);
  },
  300_000,
);
