import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Application } from '../demo/application.js';
import { missingRows, NOT_REPLICATED, Snapshots, waitForBackReplication } from '../demo/checks.js';
import { ArgumentWatch } from '../harness/arguments.js';
import type { BeltRun } from '../harness/belt.js';
import { until } from '../harness/migration.js';
import type { TestPair } from '../harness/pair.js';
import { prove } from '../harness/proof.js';
import { shopFacts, shopPair } from '../harness/shop.js';

const COPY_DEADLINE_MS = 120_000;

interface Status {
  readonly results: readonly { readonly forward_replication: string; readonly back_replication: string }[];
}

/** Runs belt; anything but success fails the test with all that belt wrote. */
async function must(pair: TestPair, ...words: readonly [string, ...string[]]): Promise<BeltRun> {
  const run = await pair.belt(words);
  expect(run.exitCode, run.text).toBe(0);
  return run;
}

async function untilReplicating(pair: TestPair, direction: keyof Status['results'][number]): Promise<void> {
  const deadline = performance.now() + COPY_DEADLINE_MS;
  for (;;) {
    const run = await must(pair, 'status', '--json');
    if (run.json<Status>().results[0]?.[direction] === 'replicating') return;
    if (performance.now() > deadline) throw new Error(`not replicating in time\n${run.text}`);
    await pause(300);
  }
}

/** Everything that belt left behind in the project folder, but for the config, which holds the passwords. */
async function filesOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== 'config.json');
  const texts = files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

it(
  'moves the shop under an application that writes all the time, and loses nothing',
  { timeout: 300_000 },
  async () => {
    const pair = await shopPair({ ownProcess: true });
    const facts = shopFacts(pair);
    const secrets = [
      pair.names.owner.pw,
      pair.names.app.pw,
      pair.src.server.info.password,
      pair.dst.server.info.password,
    ];
    const watch = new ArgumentWatch([...secrets, pair.names.pglogical.pw]);
    const application = new Application(facts);
    const wrote: BeltRun[] = [];
    const run = async (...words: readonly [string, ...string[]]): Promise<void> => {
      wrote.push(await must(pair, ...words));
    };
    try {
      application.writeTo('source');
      await run('precheck');
      await run('setup');
      await untilReplicating(pair, 'forward_replication');
      await run('setup-back-replication');
      await untilReplicating(pair, 'back_replication');
      await run('analyze');
      expect(application.refused.attempts, application.refused.first).toBe(0);

      await run('revoke-logins', '--disconnect');
      await run('teardown-forward-replication');
      await run('sync');
      expect(application.refused.attempts, 'the application was not cut off').toBeGreaterThan(0);
      const { source, destination } = await Snapshots.take(facts);
      const equal = await prove({ src: source, dst: destination, schema: pair.schema });
      expect(equal.differences).toEqual([]);
      expect(equal.rows).toBeGreaterThan(300_000);
      const acknowledged = application.at('source');
      expect(acknowledged.length).toBeGreaterThan(50);
      expect(await missingRows(destination, pair.schema, acknowledged)).toMatchObject({ missing: 0, where: [] });
      await Promise.all([source.end(), destination.end()]);

      application.writeTo('destination');
      await until('the application goes on', () => Promise.resolve(application.at('destination').length > 20));
      await application.rest();
      const arrived = await waitForBackReplication(facts, application.at('destination'), AbortSignal.timeout(60_000));
      expect(arrived, 'back replication did not bring all rows').toBeDefined();
      const after = await Snapshots.take(facts);
      const back = await prove({
        src: after.destination,
        dst: after.source,
        schema: pair.schema,
        exceptRowsOf: NOT_REPLICATED,
        sequences: false,
      });
      await Promise.all([after.source.end(), after.destination.end()]);
      expect(back.differences).toEqual([]);

      await run('teardown-back-replication');
      await run('restore-logins');
      await (await pair.src.connect(pair.names.app)).end();
      expect(await leftBehind(pair)).toEqual([]);
    } finally {
      await application.stop();
      await watch.stop();
    }
    expect([...watch.found], 'a secret stood in the arguments of a process').toEqual([]);
    const texts = wrote.map(({ text }) => text).join('\n') + (await filesOf(pair.dir));
    expect(secrets.filter((secret) => texts.includes(secret))).toEqual([]);
  },
);

/** Slots and subscriptions of the pair's databases, of which there must be none in the end. */
async function leftBehind(pair: TestPair): Promise<string[]> {
  const found: string[] = [];
  for (const side of [pair.src, pair.dst]) {
    const rows = await side.sql<{ name: string }>(
      `SELECT 'slot ' || slot_name AS name FROM pg_replication_slots WHERE database = current_database()
       UNION ALL SELECT 'subscription ' || sub_name FROM pglogical.subscription`,
    );
    found.push(...rows.map(({ name }) => name));
  }
  return found;
}
