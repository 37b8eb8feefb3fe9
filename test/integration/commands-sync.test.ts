import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { detailFields } from '../../src/results/detail.js';
import { syncFields } from '../../src/results/sync.js';
import { checkedJson, everything, expectSuccess, ORDERS, replicate } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

let pair: TestPair;
let second: TestPair;

const inSchema = (of: TestPair, name: string): string => `${ident(of.schema)}.${ident(name)}`;
const constraint = 'SELECT convalidated FROM pg_constraint WHERE conname = $1';

beforeAll(async () => {
  pair = await testPair({ srcSql: `${ORDERS}; CREATE SEQUENCE numbers; SELECT setval('numbers', 500)` });
  second = await testPair({ hostile: true, project: pair.dir, db: 'users', srcSql: ORDERS });
  await Promise.all([replicate(pair), replicate(second)]);
  await Promise.all([pair.src.disconnect(), second.src.disconnect()]);
});

describe('belt sync', () => {
  it('is refused while forward replication is configured', async () => {
    const run = await pair.belt(['sync']);
    expectFailure(run, {
      config: pair.config,
      says: [
        /forward replication of "shop" is still configured \(subscription pg1_pg2 on the destination database .*\) \[step check-forward-replication\]/,
        /teardown-forward-replication/,
      ],
    });
    expectSuccess(await pair.beltRaw(['teardown-forward-replication', pair.dc]));
  });

  it('--dry-run changes nothing', async () => {
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt(['sync', '--dry-run', '--json']), syncFields, [pair]);
    expect(results[0]?.steps.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(results[0]?.steps.find(({ name }) => name === 'sync-tables')?.status).toBe('planned');
    expect(await everything(pair)).toEqual(before);
    expect(await pair.dst.sql(`SELECT FROM ${inSchema(pair, 'log')}`)).toEqual([]);
  });

  it('names the constraint that cannot be added, and what PostgreSQL says', async () => {
    await pair.dst.sql(`ALTER TABLE ${inSchema(pair, 'Order Details')} ALTER COLUMN n TYPE text`);
    const run = await pair.belt(['sync']);
    expectFailure(run, {
      config: pair.config,
      says: [
        /destination database .*/,
        /n_check/,
        /operator does not exist: text > integer/,
        /\[step \S*constraints\S*\]/,
      ],
    });
    await pair.dst.sql(`ALTER TABLE ${inSchema(pair, 'Order Details')} ALTER COLUMN n TYPE int USING n::int`);
  });

  it('fails for a changed value, naming table, key and column; exit code 1 in table and JSON alike', async () => {
    await pair.dst.sql(`UPDATE ${inSchema(pair, 'Order Details')} SET v = v || ' ' WHERE id = 7`);
    const run = await pair.belt(['sync']);
    expectFailure(run, { config: pair.config, says: [/Order Details/, /\[step validate-data\]/] });
    expect(run.stdout).toMatch(/^different: shop: Order Details .*id.*7.*\bv\b/m);
    const { results } = checkedJson(await pair.belt(['sync', '--json']), syncFields, [pair]);
    const [row] = results;
    if (row === undefined || !('detail' in row)) throw new Error('no result');
    const different = row.detail.validation?.tables.filter(({ passed }) => !passed) ?? [];
    expect(different.map(({ name }) => name)).toContain('Order Details');
    await pair.dst.sql(`UPDATE ${inSchema(pair, 'Order Details')} SET v = trim(v) WHERE id = 7`);
  });

  it('takes the whole datacenter: sequences, tables without key, constraints, indexes, comparison', async () => {
    const run = await pair.beltRaw(['sync', pair.dc]);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop +done .*, equal/m);
    expect(run.stdout).toMatch(/^users +done .* 1 of 1 \(1 rows\) .*, equal/m);
    for (const one of [pair, second]) {
      expect(await one.dst.sql(`SELECT line FROM ${inSchema(one, 'log')}`)).toEqual([{ line: 'started' }]);
      expect(await one.dst.sql(constraint, ['n_check'])).toEqual([{ convalidated: false }]);
      expect(
        await one.dst.sql('SELECT FROM pg_indexes WHERE schemaname = $1 AND indexname = $2', [
          one.schema,
          'Order Details_v_idx',
        ]),
      ).toHaveLength(1);
      const [next] = await one.dst.sql<{ n: string }>(
        `SELECT nextval('${inSchema(one, 'Order Details_id_seq').replaceAll("'", "''")}') AS n`,
      );
      expect(Number(next?.n)).toBeGreaterThan(20);
    }
    const [free] = await pair.dst.sql<{ n: string }>(`SELECT nextval('${inSchema(pair, 'numbers')}') AS n`);
    expect(Number(free?.n)).toBeGreaterThan(500);
  });

  it('finds all done the second time', async () => {
    const before = await everything(pair);
    const { results } = checkedJson(await pair.belt(['sync', '--json']), syncFields, [pair]);
    expect(results).toMatchObject([
      {
        success: true,
        detail: { tables: { tables: [{ name: 'log', loaded: false }] }, indexes: [] },
      },
    ]);
    expect(await everything(pair)).toEqual(before);
  });
});

describe('belt analyze', () => {
  const analyzed = async (of: TestPair): Promise<unknown> =>
    of.dst.sql('SELECT relname FROM pg_stat_user_tables WHERE schemaname = $1 AND last_analyze IS NULL ORDER BY 1', [
      of.schema,
    ]);

  it('takes the whole datacenter, without a source in the config, again and again', async () => {
    for (const one of [pair, second]) {
      await one.dst.sql('SELECT pg_stat_reset()');
      one.config.src = null;
      await one.writeConfig();
    }
    const planned = checkedJson(await pair.belt(['analyze', '--dry-run', '--json']), detailFields, [pair]);
    expect(planned.results[0]?.steps.map(({ status }) => status)).toEqual(['ok', 'planned']);
    expect(await analyzed(pair)).toHaveLength(2);
    for (const times of [1, 2]) {
      const { results } = checkedJson(await pair.beltRaw(['analyze', pair.dc, '--json']), detailFields, [pair, second]);
      expect(results.map(({ db, success }) => [db, success, times])).toEqual([
        ['shop', true, times],
        ['users', true, times],
      ]);
    }
    for (const one of [pair, second]) expect(await analyzed(one)).toEqual([]);
  });

  it('fails when the schema is not there', async () => {
    pair.config.schema_name = 'No Such';
    await pair.writeConfig();
    expectFailure(await pair.belt(['analyze']), {
      config: pair.config,
      says: [/destination database .* has no schema "No Such" \[step check-schema\]/],
    });
  });
});
