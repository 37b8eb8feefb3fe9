import { expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { holding, must, mustFail, until, untilReplicating, Writer } from '../harness/migration.js';
import type { TestNames } from '../harness/names.js';
import { testPair, type TestPair } from '../harness/pair.js';

const CONNECTIONS = 6;
const WARMED_UP = 300;

/** One replicated table and one that sync copies; the application writes to both in one commit. */
function schema({ schema: name, app, database }: TestNames): string {
  return `
-- Wide, so that what is under way does not fit into the buffers between the servers.
CREATE TABLE "Marks" (id bigserial PRIMARY KEY, mark text NOT NULL, filler text DEFAULT repeat('filler ', 1000));
CREATE TABLE "No Key" (mark text NOT NULL);
GRANT USAGE ON SCHEMA ${ident(name)} TO ${ident(app.name)};
GRANT ALL ON ALL TABLES IN SCHEMA ${ident(name)} TO ${ident(app.name)};
GRANT ALL ON ALL SEQUENCES IN SCHEMA ${ident(name)} TO ${ident(app.name)};
-- Acknowledged before it is on disk, which is when a write is most easily overlooked.
ALTER DATABASE ${ident(database)} SET synchronous_commit = off;`;
}

const table = (pair: TestPair, name: string): string => `${ident(pair.schema)}.${ident(name)}`;

const write = (pair: TestPair): string =>
  `WITH one AS (INSERT INTO ${table(pair, 'Marks')} (mark) VALUES ($1)) INSERT INTO ${table(pair, 'No Key')} VALUES ($1)`;

async function start(): Promise<TestPair> {
  const pair = await testPair({ ownProcess: true, srcSql: schema });
  await pair.src.disconnect();
  await must(pair, ['setup']);
  await untilReplicating(pair.dst, 'pg1_pg2');
  return pair;
}

async function marks(pair: TestPair, name: string): Promise<string[]> {
  const rows = await pair.dst.sql<{ mark: string }>(`SELECT mark FROM ${table(pair, name)}`);
  return rows.map(({ mark }) => mark).sort();
}

it(
  'brings over every commit that was acknowledged before the application was cut off',
  { timeout: 60_000 },
  async () => {
    const pair = await start();
    const writer = await Writer.start(pair.src, write(pair), { connections: CONNECTIONS });
    try {
      await until('the application is under way', () => Promise.resolve(writer.acknowledged.length > WARMED_UP));
      const before = writer.acknowledged.length;
      await must(pair, ['revoke-logins', '--disconnect']);
      // It was not asked to stop, so it wrote until it could not; nobody waits before the next command.
      expect(writer.acknowledged.length).toBeGreaterThan(before);
      await must(pair, ['teardown-forward-replication']);
      expect(writer.cut.length).toBeGreaterThanOrEqual(CONNECTIONS);
      await must(pair, ['sync']);
    } finally {
      await writer.stop();
    }
    for (const name of ['Marks', 'No Key']) {
      const there = new Set(await marks(pair, name));
      expect(writer.acknowledged.filter((mark) => !there.has(mark))).toEqual([]);
    }
  },
);

it('refuses the teardown while something could be lost, and says how much', { timeout: 60_000 }, async () => {
  const pair = await start();

  const client = await pair.src.connect(pair.names.app);
  const connected = await mustFail(pair, ['teardown-forward-replication']);
  expect(connected.error).toMatchObject({
    error_type: 'RefusedError',
    detail: { side: 'src', step: 'check-writers', sessions: { [pair.names.app.name]: 1 } },
  });
  expect(connected.error?.message).toContain(`1 of ${pair.names.app.name}`);
  await client.query(`INSERT INTO ${table(pair, 'Marks')} (mark) VALUES ('arrives')`);
  await until('the first row arrives', async () => (await marks(pair, 'Marks')).length === 1);

  await holding(pair.dst, `LOCK TABLE ${table(pair, 'Marks')} IN SHARE MODE`, async () => {
    for (let n = 0; n < 300; n++) await client.query(write(pair), [`late ${String(n)}`]);
    await client.end();
    const refused = await mustFail(pair, ['teardown-forward-replication', '--wait', '1']);
    expect(refused.error).toMatchObject({
      error_type: 'RefusedError',
      detail: { side: 'dst', step: 'check-applied' },
    });
    expect(refused.error?.detail?.['missing_bytes']).toBeGreaterThan(10_000);
    expect(refused.error?.message).toMatch(/\d kB of WAL not confirmed/);
    expect(refused.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'check-writers ok',
      'check-applied failed',
    ]);
    const sync = await mustFail(pair, ['sync']);
    expect(sync.error).toMatchObject({ error_type: 'RefusedError', detail: { step: 'check-forward-replication' } });
    expect(sync.error?.message).toContain('pg1_pg2');
  });
  await must(pair, ['teardown-forward-replication']);
  expect(await marks(pair, 'Marks')).toHaveLength(301);
});
