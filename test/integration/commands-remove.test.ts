import { beforeAll, describe, expect, it } from 'vitest';
import { ident } from '../../src/postgres/quote.js';
import { removalFields } from '../../src/results/removal.js';
import { checkedJson, everything, expectSuccess, ORDERS } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestDatabase, type TestPair } from '../harness/pair.js';
import { AWKWARD_SCHEMA } from './schema.sql.js';

const COMMANDS = ['remove-indexes', 'remove-constraints'] as const;

const remove = async (pair: TestPair, command: (typeof COMMANDS)[number], ...options: string[]) => {
  const run = await pair.belt([command, ...options, '--json']);
  const [row] = checkedJson(run, removalFields, [pair]).results;
  if (row === undefined || !('detail' in row)) throw new Error(run.text);
  return row;
};

const count = async (side: TestDatabase, kind: 'indexes' | 'constraints'): Promise<number> => {
  const [row] = await side.sql<{ n: number }>(
    kind === 'indexes'
      ? `SELECT count(*)::int AS n FROM pg_indexes WHERE schemaname = $1`
      : `SELECT count(*)::int AS n FROM pg_constraint WHERE NOT convalidated AND connamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)`,
    [side.names.schema],
  );
  return row?.n ?? -1;
};

describe.each([false, true])('belt remove-indexes and remove-constraints (hostile names: %s)', (hostile) => {
  let pair: TestPair;

  beforeAll(async () => {
    const srcSql = (names: TestPair['names']): string => AWKWARD_SCHEMA(ident(names.app.name), ident(names.schema));
    // The destination got its schema by other means, all of it.
    pair = await testPair({ hostile, srcSql, dstSql: srcSql });
  });

  it('--dry-run shows what would go, and changes nothing', async () => {
    const before = await everything(pair);
    for (const command of COMMANDS) {
      const { detail, steps } = await remove(pair, command, '--dry-run');
      expect(steps).toMatchObject([{ name: command, status: 'planned' }]);
      expect(new Set(detail.objects.map(({ status }) => status))).toEqual(new Set(['to_remove']));
    }
    expect(await everything(pair)).toEqual(before);
  });

  it('drop what can be made again, and only that', async () => {
    await pair.dst.ownerSql(`
      CREATE INDEX "only ""here""" ON "Order Details" (k);
      DROP INDEX plain; CREATE INDEX plain ON "select" (id, v);
      CREATE TABLE "P2 b" PARTITION OF p2 FOR VALUES IN (8);
      ALTER TABLE secured ADD CONSTRAINT "only; here" CHECK (id > 0) NOT VALID;
      ALTER TABLE "select" DROP CONSTRAINT "chk 1"; ALTER TABLE "select" ADD CONSTRAINT "chk 1" CHECK (v > 1) NOT VALID`);
    const indexes = await remove(pair, 'remove-indexes');
    const left = new Map(
      indexes.detail.objects.filter((one) => one.status === 'left').map((one) => [one.name, one.reason]),
    );
    expect(left.get('only "here"')).toBe('the source has none of that name');
    expect(left.get('plain')).toBe('the source has another of that name');
    // The new partition's index would be lost, and with it goes all that it is attached to.
    expect(left.get('P2 b_v_idx')).toBe('the source has none of that name');
    expect(left.get('p2_v_idx')).toMatch(/"P2 b_v_idx" is attached to it/);
    expect(left.get('p_v')).toMatch(/"P2 b_v_idx" is attached to it/);
    expect(left.get('p1_v_idx')).toMatch(/it is attached to "p_v", which stays/);
    expect([...left.keys()].sort()).toEqual(
      ['P2 a_v_idx', 'P2 b_v_idx', 'only "here"', 'p1_v_idx', 'p2_v_idx', 'p_v', 'plain'].sort(),
    );
    const removed = indexes.detail.objects.filter(({ status }) => status === 'removed').map(({ name }) => name);
    expect(removed).toEqual(expect.arrayContaining(['INDEX plain', 'ix\nnewline', 'p_only', 'p1_local', 'mvi']));
    const there = await pair.dst.sql<{ name: string }>(
      'SELECT indexname AS name FROM pg_indexes WHERE schemaname = $1',
      [pair.schema],
    );
    const names = there.map(({ name }) => name);
    for (const name of removed) expect(names).not.toContain(name);
    expect(names).toEqual(expect.arrayContaining(['u_k', 'u_ri', 'p_u', 'select_pkey', ...left.keys()]));

    const constraints = await remove(pair, 'remove-constraints');
    expect(constraints.detail.objects.filter((one) => one.status === 'left')).toEqual(
      [
        { name: 'only; here', table: 'secured', status: 'left', reason: 'the source has none of that name' },
        { name: 'chk 1', table: 'select', status: 'left', reason: 'the source has another of that name' },
      ].sort(
        (a, b) =>
          constraints.detail.objects.findIndex((one) => one.name === a.name) -
          constraints.detail.objects.findIndex((one) => one.name === b.name),
      ),
    );
    expect(await count(pair.dst, 'constraints')).toBe(2);
  });

  it('find nothing to do the second time, and say what they left', async () => {
    const before = await everything(pair);
    for (const command of COMMANDS) {
      const { steps, detail } = await remove(pair, command);
      expect(steps).toMatchObject([{ name: command, status: 'skipped' }]);
      expect(steps[0]?.message).toMatch(/left .*the source has none of that name/);
      expect(new Set(detail.objects.map(({ status }) => status))).toEqual(new Set(['left']));
    }
    const run = await pair.belt(['remove-constraints']);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^left: shop: "only; here" on "secured": the source has none of that name$/m);
    expect(await everything(pair)).toEqual(before);
  });

  it('what they dropped is made again', async () => {
    await pair.dst
      .ownerSql(`DROP INDEX "only ""here""", plain; ALTER TABLE p2 DETACH PARTITION "P2 b"; DROP TABLE "P2 b";
      ALTER TABLE secured DROP CONSTRAINT "only; here"; ALTER TABLE "select" DROP CONSTRAINT "chk 1"`);
    for (const command of ['create-indexes', 'load-constraints'] as const) expectSuccess(await pair.belt([command]));
    expectSuccess(await pair.belt(['diff-schemas', '--full']));
  });
});

describe('belt remove-indexes and remove-constraints', () => {
  it('go by the files where there is no source', async () => {
    const pair = await testPair({ srcSql: ORDERS, dstSql: ORDERS });
    expectSuccess(await pair.belt(['dump-schema']));
    pair.config.src = null;
    await pair.writeConfig();
    await pair.dst.ownerSql('CREATE INDEX besides ON "Order Details" (n)');
    const { detail } = await remove(pair, 'remove-indexes');
    expect(detail).toEqual({
      definitions_file: 'schemas/dc1/shop/indexes.sql',
      objects: [
        { name: 'Order Details_v_idx', table: 'Order Details', status: 'removed', reason: null },
        {
          name: 'besides',
          table: 'Order Details',
          status: 'left',
          reason: 'schemas/dc1/shop/indexes.sql has none of that name',
        },
      ],
    });
    expect((await remove(pair, 'remove-constraints')).detail.objects).toMatchObject([
      { name: 'n_check', status: 'removed' },
    ]);
  });

  it('name what cannot be dropped, and tell what was dropped until then', async () => {
    const sql = `${ORDERS}; ALTER TABLE log ADD CONSTRAINT short CHECK (length(line) < 99) NOT VALID`;
    const pair = await testPair({ srcSql: sql, dstSql: sql });
    // What an owner lacks, root may do; a guard of the database's keeper stops both.
    await pair.dst.sql(
      `CREATE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects()
                       WHERE object_identity ~ 'n_check|Order Details_v_idx') THEN
             RAISE 'nobody drops this' USING ERRCODE = '42501';
           END IF;
         END $$;
       CREATE EVENT TRIGGER guard ON sql_drop EXECUTE FUNCTION guard();
       ALTER TABLE "Shop Data"."Order Details" OWNER TO ${ident(pair.names.app.name)}`,
    );
    const run = await pair.belt(['remove-constraints', '--json']);
    const [row] = checkedJson(run, removalFields, [pair]).results;
    expect(row).toMatchObject({
      success: false,
      error: { error_type: 'QueryError', detail: { sqlstate: '42501', object: 'Shop Data.Order Details.n_check' } },
      detail: {
        objects: [
          { name: 'short', status: 'removed' },
          { name: 'n_check', status: 'to_remove' },
        ],
      },
    });
    expectFailure(await pair.belt(['remove-indexes']), {
      config: pair.config,
      says: [
        /"Order Details_v_idx" on "Shop Data"\."Order Details" could not be dropped from the destination database.*nobody drops this/,
      ],
    });
    expect(await count(pair.dst, 'constraints')).toBe(1);
  });
});
