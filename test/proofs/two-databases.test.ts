import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { awkwardSchema, TABLES } from '../harness/awkward.js';
import { runBelt, type BeltRun } from '../harness/belt.js';
import {
  expectEqual,
  expectNoReplication,
  must,
  until,
  untilReplicating,
  type Json,
  type JsonRow,
} from '../harness/migration.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';

const DC = 'one server';

/** Runs a command on all databases of the datacenter. Gives their results by name. */
async function fleet(dir: string, exitCode: number, ...words: string[]): Promise<Record<string, JsonRow>> {
  const [command = '', ...rest] = words;
  const run: BeltRun = await runBelt(dir, [command, DC, ...rest, '--json']);
  expect(run.exitCode, run.text).toBe(exitCode);
  const json = run.json<Json>();
  expect(json.success).toBe(exitCode === 0);
  return Object.fromEntries(json.results.map((row) => [row.db, row]));
}

/** Writes a row as the application on one side, and waits until it is on the other. */
async function arrives(pair: TestPair, from: TestDatabase, to: TestDatabase, mark: string): Promise<void> {
  const client = await from.connect(pair.names.app);
  const table = `${ident(pair.schema)}.${ident(TABLES.reserved)}`;
  // Before the cutover the destination's sequences are still where they began.
  const free = `(SELECT max(id) + 1000 FROM ${table})`;
  await client.query(`INSERT INTO ${table} (id, "The Mark") VALUES (${free}, $1)`, [mark]);
  await client.end();
  const sql = `SELECT FROM ${table} WHERE "The Mark" = $1`;
  await until(`${mark} arrives`, async () => (await to.sql(sql, [mark])).length === 1);
}

it(
  'moves two databases of one server at the same time, and one out of the other’s way',
  { timeout: 180_000 },
  async () => {
    const first = await testPair({ dc: DC, db: 'first', srcSql: awkwardSchema });
    const { dir } = first;
    const second = await testPair({ dc: DC, db: 'second', srcSql: awkwardSchema, project: dir, schema: 'Other' });
    const both = [first, second];
    await Promise.all(both.map(({ src }) => src.disconnect()));

    // A third config, whose faults must not get into the way of the others.
    const broken = join(dir, 'configs', DC, 'broken');
    await mkdir(broken);
    await writeFile(join(broken, 'config.json'), '{ "db": "broken", "dc": 7, "sorce": {} }', { mode: 0o600 });
    // And a fourth, whose server is not there.
    const away = await testPair({
      dc: DC,
      db: 'away',
      project: dir,
      config: ({ src }) => {
        if (src !== null) src.port = 1;
      },
    });

    const setup = await fleet(dir, 1, 'setup');
    expect(setup).toMatchObject({
      first: { success: true },
      second: { success: true },
      broken: { success: false, error: { error_type: 'ConfigError' } },
      away: { success: false, error: { error_type: 'ConnectionError' } },
    });
    await rm(broken, { recursive: true });
    const again = await fleet(dir, 1, 'setup');
    expect(again).toMatchObject({ first: { success: true }, second: { success: true }, away: { success: false } });
    await rm(join(dir, 'configs', DC, away.db), { recursive: true });

    await Promise.all(both.map(({ dst }) => untilReplicating(dst, 'pg1_pg2')));
    await fleet(dir, 0, 'setup-back-replication');
    const replicating = { forward_replication: 'replicating', back_replication: 'replicating' };
    expect(await fleet(dir, 0, 'status')).toMatchObject({ first: replicating, second: replicating });
    await fleet(dir, 0, 'analyze');
    for (const pair of both) await arrives(pair, pair.src, pair.dst, 'before');

    // The first one is cut over, to its end.
    const others = [second.names.owner.name, second.names.app.name].flatMap((name) => ['-e', name]);
    await must(first, ['revoke-logins', '--disconnect', ...others]);
    await must(first, ['teardown-forward-replication']);
    await must(first, ['sync']);
    await expectEqual(first);
    await must(first, ['teardown-back-replication']);
    await expectNoReplication(first);

    // The second one has not noticed.
    await arrives(second, second.src, second.dst, 'there');
    await arrives(second, second.dst, second.src, 'and back');
    const states = { first: { forward_replication: 'unconfigured', back_replication: 'unconfigured' } };
    expect(await fleet(dir, 0, 'status')).toMatchObject({ ...states, second: replicating });

    // The rest at once: what is done for the first is left alone, and must not fail.
    await fleet(dir, 0, 'revoke-logins', '--disconnect');
    await fleet(dir, 0, 'teardown-forward-replication');
    await fleet(dir, 0, 'sync');
    for (const pair of both) await expectEqual(pair);
    await fleet(dir, 0, 'teardown-back-replication');
    await fleet(dir, 0, 'restore-logins');
    for (const pair of both) {
      await expectNoReplication(pair);
      await (await pair.src.connect(pair.names.app)).end();
    }
  },
);
